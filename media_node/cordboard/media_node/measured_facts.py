"""What a call's facts tell about its speed: how soon the first word is heard, and how long a lost agent is missed."""

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from opentelemetry import metrics

from cordboard.call.v1.facts_pb2 import MediaCommandApplied, PlayoutStarted, VoicePortChanged
from cordboard.media_node.facts import CallFact, FactLog
from cordboard.runtime.buckets import SECONDS
from cordboard.runtime.recovery import VOICE_AGENT, recovered

# Legs that are added so soon after the room came with the call's admission: somebody waits to be greeted.
_AT_ONCE_US = 500_000
_LOST = "LOST"
_MOST_CALLS = 4_096


@dataclass(slots=True)
class _Call:
    begins_with_caller: bool = False
    greeted: bool = False
    ports: set[str] = field(default_factory=set)
    lost_us: int | None = None


class SpeedMeter:
    """What is measured, on OpenTelemetry; labelled by nothing that belongs to a call."""

    def __init__(self) -> None:
        """Make the instruments."""
        self._first_audio = metrics.get_meter("cordboard.media_node").create_histogram(
            "cordboard.call.first_audio",
            "s",
            "a call was opened to the first audible word on the caller's wire",
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    def first_audio(self, seconds: float) -> None:
        """Record how long a caller waited for the first word."""
        self._first_audio.record(max(0.0, seconds))

    def rejoined(self, seconds: float) -> None:
        """Record how long a call had no voice agent."""
        recovered(VOICE_AGENT, seconds)


class MeasuredFacts:
    """A `FactLog` that looks at what it passes on."""

    def __init__(self, facts: FactLog, meter: SpeedMeter, wall: Callable[[], float]) -> None:
        """Pass on to `facts`; `wall` gives seconds since the Unix epoch."""
        self._facts = facts
        self._meter = meter
        self._wall = wall
        self._calls: OrderedDict[str, _Call] = OrderedDict()

    def record(self, fact: CallFact) -> None:
        """Take a fact; see FactLog.record."""
        self._facts.record(fact)
        call = self._calls.get(fact.call_id)
        if call is None:
            call = self._calls[fact.call_id] = _Call()
            if len(self._calls) > _MOST_CALLS:
                self._calls.popitem(last=False)
        self._look(call, fact)

    def _look(self, call: _Call, fact: CallFact) -> None:
        match fact.event:
            case MediaCommandApplied(kind="close_room"):
                self._calls.pop(fact.call_id, None)
            case MediaCommandApplied(kind="add_leg") if fact.media_us < _AT_ONCE_US:
                call.begins_with_caller = True
            case VoicePortChanged():
                self._on_port(call, fact)
            case PlayoutStarted() if call.begins_with_caller and not call.greeted and fact.leg_id in call.ports:
                call.greeted = True
                opened = opened_at(fact.call_id)
                if opened is not None:
                    self._meter.first_audio(self._wall() - opened)
            case _:
                pass

    def _on_port(self, call: _Call, fact: CallFact) -> None:
        changed = fact.event
        assert isinstance(changed, VoicePortChanged)
        if changed.attached:
            call.ports.add(fact.leg_id)
            if call.lost_us is not None:
                self._meter.rejoined((fact.media_us - call.lost_us) / 1e6)
            call.lost_us = None
        elif changed.reason == _LOST and call.lost_us is None:
            call.lost_us = fact.media_us


def opened_at(call_id: str) -> float | None:
    """Tell when a call was opened, in seconds since the Unix epoch, by its id; None when that is no UUIDv7."""
    try:
        value = uuid.UUID(call_id)
    except ValueError:
        return None
    return (value.int >> 80) / 1000 if value.version == 7 else None
