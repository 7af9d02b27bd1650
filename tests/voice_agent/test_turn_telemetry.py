"""A turn as a span with its stages, in the trace of its call."""

from collections.abc import Iterator

import pytest
from kept_spans import KeptSpans, kept_spans, trace_of

from cordboard.voice_agent import turn_telemetry
from cordboard.voice_agent.turn_meter import TurnMeter
from cordboard.voice_agent.turn_telemetry import record_turn

METER = TurnMeter(
    turn_id="t1",
    speech_ended_us=1_000_000,
    lag_us=20_000,
    text_waited_us=30_000,
    decided_us=1_400_000,
    thought_us=5_000,
    first_sent_us=1_500_000,
    started_us=1_520_000,
)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptSpans]:
    with kept_spans() as kept:
        monkeypatch.setattr(turn_telemetry, "_TRACER", kept.tracer)
        yield kept


def test_the_stages_of_a_turn_follow_each_other_within_it_at_their_times(spans: KeptSpans) -> None:
    with spans.tracer.start_as_current_span("Engage") as engaged:
        record_turn(METER, now_us=3_000_000, wall_ns=lambda: 60_000_000_000)
    *stages, turn, _ = spans.finished
    assert [span.name for span in stages] == [f"turn.{name}" for name, _ in METER.stages()]
    # Two seconds of the local clock before now are two seconds before now on the wall.
    assert (turn.start_time, turn.end_time) == (58_000_000_000, 58_520_000_000)
    assert stages[0].start_time == turn.start_time
    assert [one.end_time for one in stages[:-1]] == [after.start_time for after in stages[1:]]
    assert stages[-1].end_time == turn.end_time
    assert {trace_of(span) for span in (*stages, turn)} == {f"{engaged.get_span_context().trace_id:032x}"}
    assert dict(stages[2].attributes or {}) == {"turn_id": "t1", "stage": "asr"}


def test_a_turn_outside_of_any_trace_begins_none(spans: KeptSpans) -> None:
    record_turn(METER, now_us=3_000_000)
    assert spans.finished == []
