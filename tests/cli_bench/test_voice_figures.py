from typing import Any

import pytest

from cordboard.cli.bench.voice.voice_figures import BargeIn, Turn, VoiceRun, turns_of, voice_figures
from cordboard.cli.demo.story import Measured

STAGES = {"capture": 5.0, "end_of_turn_wait": 400.0, "asr": 50.0, "dialogue": 1.0, "tts_first_byte": 4.0}


def report(*lines: tuple[str, float, float | None]) -> dict[str, Any]:
    return {
        "turns": [
            {"line": name, "caller_end_to_first_audio_ms": reply, "talked_over": reply is None}
            for name, _, reply in lines
        ],
        "conversation": {
            "said": [{"name": name, "started": started, "ended": started + 1} for name, started, _ in lines]
        },
    }


TWO_LINES = report(("name", 10.0, 500.0), ("reason", 20.0, 600.0))


def measured(at: float, *, premature: bool = False, split: bool = False) -> Measured:
    return Measured("t", at, 460.0, dict(STAGES), premature, split)


def test_a_turn_gets_the_stages_that_were_measured_before_the_next_line() -> None:
    first, second = turns_of(
        report(("name", 10.0, 500.0), ("reason", 20.0, 600.0)), [measured(15.0), measured(26.0)], {}
    )
    assert (first.line, first.reply_ms, first.stages_ms) == ("name", 500.0, STAGES)
    assert (second.line, second.reply_ms, second.stages_ms) == ("reason", 600.0, STAGES)


def test_a_line_that_was_answered_twice_is_split() -> None:
    first, second = turns_of(
        report(("name", 10.0, 500.0), ("reason", 20.0, 600.0)), [measured(12.0), measured(15.0)], {}
    )
    assert (first.split, second.split, second.stages_ms) == (True, False, {})


def test_the_own_share_is_what_is_left_without_waiting_and_computing() -> None:
    assert Turn("name", 500.0, stages_ms=STAGES).own_share_ms == pytest.approx(45)
    assert Turn("name", 500.0).own_share_ms is None
    assert Turn("name", None, stages_ms=STAGES).own_share_ms is None


def test_what_the_agent_cannot_see_is_split_where_the_end_of_speech_as_heard_is_known() -> None:
    (turn,) = turns_of(report(("name", 10.0, 500.0)), [measured(15.0)], {"t": 11.03})
    assert turn.heard_late_ms == pytest.approx(30)
    assert list(turn.outside_ms.values()) == pytest.approx([30, 10])
    (unknown,) = turns_of(report(("name", 10.0, 500.0)), [measured(15.0)], {})
    assert list(unknown.outside_ms.values()) == pytest.approx([40])


def test_premature_and_split_turns_stand_beside_the_latency() -> None:
    turns = [
        Turn("a", 600.0, stages_ms=STAGES),
        Turn("b", 650.0, premature=True),
        Turn("c", None, talked_over=True),
        Turn("d", 690.0, split=True),
    ]
    reply, own, *_ = voice_figures(VoiceRun(turns=turns, calls=2, failed=1))
    assert reply.spread.values == (600.0, 650.0, 690.0)
    assert reply.met is True
    assert reply.counts == {
        "turns": 4,
        "premature": 2,
        "split": 1,
        "without a timed answer": 1,
        "calls": 2,
        "failed calls": 1,
    }
    assert own.spread.values == pytest.approx([145.0])
    assert set(own.stages) == {"capture", "outside of the agent's own clock"}
    assert own.met is False


def test_an_agent_that_does_not_stop_is_counted_and_no_value() -> None:
    barge_in = voice_figures(VoiceRun(barge_ins=[BargeIn(180.0, 190.0), BargeIn(None)]))[2]
    assert barge_in.spread.values == (180.0,)
    assert barge_in.counts == {"interruptions": 2, "that did not stop the agent": 1}


def test_nothing_measured_is_missed() -> None:
    assert [figure.met for figure in voice_figures(VoiceRun())] == [False, False, False, None]
