"""Turns and interruptions as spans and measurements: what each stage took, and nothing of what was said."""

import time
from collections.abc import Callable

from opentelemetry import metrics, trace

from cordboard.runtime.buckets import SECONDS
from cordboard.voice_agent.turn_meter import TurnMeter

_TRACER = trace.get_tracer("cordboard.voice_agent")
_METER = metrics.get_meter("cordboard.voice_agent")
_TURN = _METER.create_histogram(
    "cordboard.turn.reply",
    "s",
    "end of the caller's speech to first audio of the reply",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_STAGE = _METER.create_histogram(
    "cordboard.turn.stage", "s", "what one stage of a turn took", explicit_bucket_boundaries_advisory=SECONDS
)
_BARGE_IN = _METER.create_histogram(
    "cordboard.barge_in",
    "s",
    "onset of the caller's speech to silence at the egress",
    explicit_bucket_boundaries_advisory=SECONDS,
)


def record_turn(meter: TurnMeter, now_us: int, wall_ns: Callable[[], int] = time.time_ns) -> None:
    """Record a turn whose reply was heard; `now_us` is the local clock's word on now.

    The span stands in the trace of the call, if there is one, with a span of its own for each stage.
    """
    offset_ns = wall_ns() - now_us * 1_000
    _TURN.record((meter.started_us - meter.speech_ended_us) / 1e6)
    for stage, took_us in meter.stages():
        _STAGE.record(took_us / 1e6, {"stage": stage})
    if not trace.get_current_span().get_span_context().is_valid:
        return
    begun_ns = meter.speech_ended_us * 1_000 + offset_ns
    turn = _TRACER.start_span("turn", start_time=begun_ns, attributes={"turn_id": meter.turn_id})
    within = trace.set_span_in_context(turn)
    for stage, took_us in meter.stages():
        attributes = {"turn_id": meter.turn_id, "stage": stage}
        span = _TRACER.start_span(f"turn.{stage}", within, start_time=begun_ns, attributes=attributes)
        begun_ns += took_us * 1_000
        span.end(begun_ns)
    turn.end(meter.started_us * 1_000 + offset_ns)


def record_barge_in(onset_to_silence_us: int) -> None:
    """Record how long the agent went on speaking after the caller had begun."""
    _BARGE_IN.record(max(0, onset_to_silence_us) / 1e6)
