"""The story of one call as its log tells it: what a watcher sees, event by event.

Pure: envelopes go in, beats for a narrator come out, and what the demo reports is kept. The call's state is folded
with the same `evolve` that the workflow and replay use.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import CONSENT_GIVEN, Phase, TalkOutcome, Urgency
from cordboard.core import phases
from cordboard.core.call_state import CallState, Slots
from cordboard.core.event_message import occurred_us, unpack
from cordboard.core.evolve import evolve
from cordboard.core.fold import is_decision_envelope
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

CUT = "—"
"""Ends the text of a reply that was cut within a clause."""


class BeatKind(StrEnum):
    """What a beat is about."""

    PHASE = "phase"
    CALLER = "caller"
    AGENT = "agent"
    CONSENT = "consent"
    SLOT = "slot"
    TOOL = "tool"
    TURN = "turn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing that happened, in words."""

    kind: BeatKind
    text: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """A turn of the caller as the agent understood it."""

    turn_id: str
    text: str
    at: float
    """When it was understood, seconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Latency of a turn as the voice agent measured it, in milliseconds."""

    turn_id: str
    at: float
    speech_end_to_reply_ms: float
    stages: dict[str, float]
    premature: bool
    split: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stored piece of captured media, as the log tells of it."""

    object_key: str
    sha256: bytes
    started_us: int
    ended_us: int
    leg_id: str = ""
    number: int = 0
    """Within the leg, from 0."""
    packets: int = 0


@dataclass(frozen=True, slots=True)
class CutReply:
    """A reply that the caller did not hear to its end."""

    planned: str
    heard: str

    @property
    def is_true(self) -> bool:
        """Whether what was heard is the beginning of what was planned, and not all of it."""
        heard = self.heard.removesuffix(CUT)
        return heard != self.planned and self.planned.startswith(heard)


@dataclass(slots=True)
class Story:
    """Everything the demo tells about one call."""

    state: CallState = field(default_factory=CallState)
    events: int = 0
    last_seq: int = 0
    started_us: int = 0
    heard_by_agent: list[Utterance] = field(default_factory=list)
    said_by_agent: list[str] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    mos_by_leg: dict[str, float] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)
    planned: dict[str, str] = field(default_factory=dict)
    """What was to be said, by the id of its playing."""
    cut_replies: list[CutReply] = field(default_factory=list)
    barged_in: int = 0

    def take(self, envelope: Envelope) -> list[Beat]:
        """Take the next event; a repeat is passed over."""
        if envelope.seq <= self.last_seq:
            return []
        self.last_seq = envelope.seq
        self.events += 1
        self.started_us = self.started_us or occurred_us(envelope)
        event = unpack(envelope)
        if is_decision_envelope(envelope):
            before = self.state
            self.state = evolve(before, event if event is not None else envelope, occurred_us(envelope))
            return _beats_of_decision(event, before, self.state)
        return [] if event is None else self._take_fact(event, occurred_us(envelope) / 1e6)

    def seconds(self, envelope: Envelope) -> float:
        """Time of an event since the first one."""
        return max(0.0, (occurred_us(envelope) - self.started_us) / 1e6)

    @property
    def phase_names(self) -> list[str]:
        """The phases so far, by their plain names."""
        return [phase_name(phase) for phase in self.state.phases]

    @property
    def is_over(self) -> bool:
        """Whether the call is in a final phase."""
        return self.state.is_over

    @property
    def is_captured(self) -> bool:
        """Whether the caller of a call that may be recorded is captured, and no leg's segments have a gap."""
        if self.state.consent != CONSENT_GIVEN:
            return True
        by_leg: dict[str, list[int]] = {}
        for segment in self.segments:
            by_leg.setdefault(segment.leg_id, []).append(segment.number)
        callers = {leg.leg_id for leg in self.state.legs if leg.role == LEG_ROLE_CALLER}
        whole = all(sorted(numbers) == list(range(len(numbers))) for numbers in by_leg.values())
        return whole and bool(callers & by_leg.keys())

    @property
    def outcome(self) -> str:
        """How the talk with the AI agent ended, in lower case; empty while it goes on."""
        name = TalkOutcome.Name(self.state.talk_outcome).removeprefix("TALK_OUTCOME_").lower()
        return "" if name == "unspecified" else name

    def _take_fact(self, event: Message, at: float) -> list[Beat]:
        match event:
            case facts.UtteranceHeard():
                self.heard_by_agent.append(Utterance(event.turn_id, event.text, at))
                return [Beat(BeatKind.CALLER, event.text)]
            case facts.ReplyHeard():
                self.said_by_agent.append(event.text)
                planned = self.planned.get(event.play_id, "")
                if event.interrupted and (planned or event.text):
                    self.cut_replies.append(CutReply(planned, event.text))
                return [Beat(BeatKind.AGENT, event.text + (" [interrupted]" if event.interrupted else ""))]
            case facts.TurnMeasured():
                measured = _measured(event, at)
                self.measured.append(measured)
                return [Beat(BeatKind.TURN, f"answered in {measured.speech_end_to_reply_ms:.0f} ms")]
            case facts.CaptureSegmentStored():
                self.segments.append(_segment(event))
            case facts.QualityMeasured() if event.mos > 0:
                self.mos_by_leg[event.leg_id] = round(float(event.mos), 2)
            case facts.ReplyPlanned():
                self.planned[event.play_id] = " ".join(event.clauses)
            case facts.BargedIn():
                self.barged_in += 1
        return []


def phase_name(phase: Phase.ValueType) -> str:
    """A phase's plain name, such as `ai_engaged`."""
    return Phase.Name(phase).removeprefix("PHASE_").lower()


def slot_values(slots: Slots) -> dict[str, str]:
    """The slots by name, urgency by its plain name; what is not known is an empty text."""
    urgency = Urgency.Name(slots.urgency).removeprefix("URGENCY_").lower()
    return {
        "name": slots.name,
        "callback_number": slots.callback_number,
        "reason": slots.reason,
        "urgency": "" if urgency == "unspecified" else urgency,
        **dict(slots.extra),
    }


def _segment(event: facts.CaptureSegmentStored) -> Segment:
    return Segment(
        object_key=event.object_key,
        sha256=event.sha256,
        started_us=event.started_us,
        ended_us=event.ended_us,
        leg_id=event.leg_id,
        number=event.segment,
        packets=event.packets,
    )


def _measured(event: facts.TurnMeasured, at: float) -> Measured:
    return Measured(
        turn_id=event.turn_id,
        at=at,
        speech_end_to_reply_ms=round(event.speech_end_to_reply.ToMicroseconds() / 1000, 1),
        stages={stage.stage: round(stage.took.ToMicroseconds() / 1000, 1) for stage in event.stages},
        premature=event.premature,
        split=event.split,
    )


def _beats_of_decision(event: Message | None, before: CallState, after: CallState) -> list[Beat]:
    beats = []
    if after.phase != before.phase:
        reason = f" ({after.end_reason})" if after.phase in phases.FINAL and after.end_reason else ""
        beats.append(Beat(BeatKind.PHASE, phase_name(after.phase) + reason))
    match event:
        case decisions.ConsentRecorded():
            beats.append(Beat(BeatKind.CONSENT, "recording allowed" if event.given else "recording refused"))
        case decisions.SlotsTaken():
            old, new = slot_values(before.slots), slot_values(after.slots)
            beats += [
                Beat(BeatKind.SLOT, f"{name} = {value}") for name, value in new.items() if value != old.get(name, "")
            ]
        case decisions.ToolCallIntended():
            beats.append(Beat(BeatKind.TOOL, f"{event.name} ..."))
        case decisions.ToolCallSettled():
            call = after.tool_call(event.tool_call_id)
            name = call.name if call is not None else event.tool_call_id
            beats.append(
                Beat(BeatKind.TOOL, f"{name} {event.outcome}" + (f" ({event.reason})" if event.reason else ""))
            )
        case decisions.EscalationDecided():
            beats.append(Beat(BeatKind.NOTE, f"a human is asked for ({event.reason})"))
    return beats
