"""What the log says of a call, as wrap-up needs it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.message import Message

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_UNSPECIFIED, LegRole

FOREVER = 1 << 62
"""The end of what has none on the log."""


@dataclass(frozen=True, slots=True)
class SpokenReply:
    """What the caller heard of one of the AI agent's replies, and when it was on the wire."""

    play_id: str
    turn_id: str
    leg_id: str
    text: str
    interrupted: bool
    span: Span


@dataclass(frozen=True, slots=True)
class TimedMute:
    """A time in which nothing of a leg is kept, and why; an empty leg means all of them."""

    span: Span
    reason: str
    leg_id: str = ""


@dataclass(slots=True)
class CallRecord:
    """One call, read from its log."""

    call_id: str
    tenant: str = ""
    roles: dict[str, LegRole.ValueType] = field(default_factory=dict)
    consent: bool | None = None
    recording_started: bool = False
    segments: list[facts.CaptureSegmentStored] = field(default_factory=list)
    captured: dict[tuple[int, str], int] = field(default_factory=dict)
    """Segments that were announced, by placement epoch and leg."""
    capture_ended: bool = False
    utterances: list[facts.UtteranceHeard] = field(default_factory=list)
    replies: list[SpokenReply] = field(default_factory=list)
    mutes: list[TimedMute] = field(default_factory=list)
    legs_seen: dict[str, Span] = field(default_factory=dict)
    """From the connection of each leg to its end."""

    @property
    def callers(self) -> frozenset[str]:
        """Legs of the caller: more than one after a reconnect."""
        return frozenset(leg_id for leg_id, role in self.roles.items() if role == LEG_ROLE_CALLER)

    def role(self, leg_id: str) -> LegRole.ValueType:
        """What a leg is to the call."""
        return self.roles.get(leg_id, LEG_ROLE_UNSPECIFIED)

    @property
    def outstanding(self) -> list[tuple[str, int]]:
        """Leg and number of segments that were announced and are not stored."""
        stored = {(segment.leg_id, segment.segment) for segment in self.segments}
        wanted = {(leg_id, number) for (_, leg_id), count in self.captured.items() for number in range(count)}
        return sorted(wanted - stored)

    @property
    def why_not_recorded(self) -> str:
        """The reason for which nothing may be made of the call's sound; empty when it was recorded."""
        if self.recording_started:
            return ""
        if self.consent is None:
            return reasons.CONSENT_MISSING
        return reasons.NOT_RECORDED if self.consent else reasons.CONSENT_REFUSED

    def silent_for(self, leg_id: str) -> list[Span]:
        """Times in which nothing of a leg is kept on purpose."""
        return merged(mute.span for mute in self.mutes if mute.leg_id in ("", leg_id))


def read_call(call_id: str, envelopes: Iterable[Envelope]) -> CallRecord:
    """Read a call's log, with PHI, in order."""
    reader = _Reader(call_id)
    for envelope in envelopes:
        event = unpack(envelope)
        if event is not None:
            reader.record.tenant = envelope.tenant
            reader.take(event, envelope.event.media_us)
    return reader.finish()


class _Reader:
    def __init__(self, call_id: str) -> None:
        self.record = CallRecord(call_id)
        self._begun: dict[str, int] = {}
        self._ended: dict[str, facts.PlayoutEnded] = {}
        self._heard: list[tuple[facts.ReplyHeard, int]] = []
        self._paused: int | None = None
        self._stopped: int | None = None
        self._asked: list[tuple[str, bool]] = []
        """Legs put on hold or taken back, whose routing is not on its way yet."""
        self._routed: dict[tuple[int, int], list[tuple[str, bool]]] = {}
        self._held: dict[str, int] = {}

    def take(self, event: Message, media_us: int) -> None:
        self._take_decision(event)
        self._take_fact(event, media_us)

    def _take_decision(self, event: Message) -> None:
        record = self.record
        if isinstance(event, decisions.LegAdded):
            record.roles[event.leg_id] = event.role
        elif isinstance(event, decisions.ConsentRecorded):
            record.consent = event.given
        elif isinstance(event, decisions.RecordingStarted):
            record.recording_started = True
            record.capture_ended = False
        elif isinstance(event, decisions.LegHeld | decisions.LegRetrieved):
            self._asked.append((event.leg_id, isinstance(event, decisions.LegHeld)))
        elif isinstance(event, decisions.MediaCommandRequested) and event.command.HasField("set_routing"):
            self._routed[event.command.placement_epoch, event.command.command_seq] = self._asked
            self._asked = []

    def _take_fact(self, event: Message, media_us: int) -> None:
        record = self.record
        if isinstance(event, facts.CaptureSegmentStored):
            record.segments.append(event)
        elif isinstance(event, facts.CaptureEnded):
            record.capture_ended = True
            for leg in event.legs:
                record.captured[event.placement_epoch, leg.leg_id] = leg.segments
        elif isinstance(event, facts.UtteranceHeard):
            record.utterances.append(event)
        elif isinstance(event, facts.PlayoutStarted):
            self._begun[event.play_id] = media_us
        elif isinstance(event, facts.PlayoutEnded):
            self._ended[event.play_id] = event
        elif isinstance(event, facts.ReplyHeard):
            self._heard.append((event, media_us))
        elif isinstance(event, facts.MediaCommandApplied):
            self._take_command(event, media_us)
        elif isinstance(event, facts.MediaCommandRejected) and event.kind == "start_recording":
            # The node cannot record: nothing was, and nothing is on its way.
            record.recording_started = bool(record.segments or record.captured)
        elif isinstance(event, facts.LegStateChanged):
            self._take_leg(event, media_us)

    def _take_command(self, event: facts.MediaCommandApplied, media_us: int) -> None:
        kind = event.kind
        if kind == "pause_recording":
            self._paused = media_us
        elif kind == "stop_recording":
            self._stopped = media_us
        elif kind == "start_recording" and self._stopped is not None:
            self.record.mutes.append(TimedMute(Span(self._stopped, media_us), reasons.RECORDING_OFF))
            self._stopped = None
        elif kind == "set_routing":
            for leg_id, held in self._routed.pop((event.placement_epoch, event.command_seq), ()):
                self._hold(leg_id, held, media_us)
        if kind in ("resume_recording", "stop_recording", "close_room"):
            self._end_pause(media_us)

    def _end_pause(self, media_us: int) -> None:
        since, self._paused = self._paused, None
        if since is not None:
            self.record.mutes.append(TimedMute(Span(since, media_us), reasons.RECORDING_PAUSED))

    def _hold(self, leg_id: str, held: bool, media_us: int) -> None:
        if held:
            self._held.setdefault(leg_id, media_us)
        elif leg_id in self._held:
            # Nobody hears anybody while the caller is on hold, so nothing of the others is of the call.
            muted = "" if leg_id in self.record.callers else leg_id
            self.record.mutes.append(TimedMute(Span(self._held.pop(leg_id), media_us), reasons.LEG_HELD, muted))

    def _take_leg(self, event: facts.LegStateChanged, media_us: int) -> None:
        seen = self.record.legs_seen.get(event.leg_id, Span(media_us, FOREVER))
        ended = event.reason != ""
        self.record.legs_seen[event.leg_id] = Span(seen.started_us, media_us) if ended else seen

    def finish(self) -> CallRecord:
        for leg_id in list(self._held):
            self._hold(leg_id, False, FOREVER)
        self._end_pause(FOREVER)
        for heard, told_us in self._heard:
            reply = self._spoken(heard, told_us)
            if reply is not None:
                self.record.replies.append(reply)
        self.record.replies.sort(key=lambda reply: reply.span)
        return self.record

    def _spoken(self, heard: facts.ReplyHeard, told_us: int) -> SpokenReply | None:
        if not heard.text:
            return None
        ended = self._ended.get(heard.play_id)
        sent_us = int(ended.sent.ToTimedelta().total_seconds() * 1e6) if ended is not None else 0
        started = self._begun.get(heard.play_id, max(0, told_us - sent_us))
        span = Span(started, started + sent_us if ended is not None else max(started, told_us))
        leg_id = ended.leg_id if ended is not None else ""
        return SpokenReply(heard.play_id, heard.turn_id, leg_id, heard.text, heard.interrupted, span)
