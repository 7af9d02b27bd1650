"""Envelopes of one call, written by hand: what the ledger would hold after a short call."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import TALK_OUTCOME_DONE, URGENCY_SOON, Slots, StageTime
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_AI_AGENT,
    LEG_ROLE_CALLER,
    LEG_TRANSPORT_PCM,
    LEG_TRANSPORT_WEBRTC,
)

CALL = "01900000-0000-7000-8000-000000000001"
SEALED = b"sealed media"
SEALED_SHA256 = hashlib.sha256(SEALED).digest()
BEGAN = 1_700_000_000.0


@dataclass
class CallLog:
    """Numbers events as the ledger does."""

    envelopes: list[Envelope] = field(default_factory=list)
    decisions: int = 0
    facts: int = 0

    def decision(self, event: Message, at: float) -> None:
        self.decisions += 1
        self._add(event, f"workflow/{CALL}", self.decisions, at)

    def fact(self, event: Message, at: float) -> None:
        self.facts += 1
        self._add(event, "media-node/media-node-1/b", self.facts, at)

    def _add(self, event: Message, source: str, source_seq: int, at: float) -> None:
        new = NewEvent(stream=Stream(kind="call", id=CALL), event=pack(event), source=source, source_seq=source_seq)
        new.occurred_at.FromMicroseconds(int((BEGAN + at) * 1e6))
        self.envelopes.append(Envelope(event=new, seq=len(self.envelopes) + 1, position=len(self.envelopes) + 1))

    def __iter__(self) -> Iterator[Envelope]:
        return iter(self.envelopes)


def ms(milliseconds: int) -> Duration:
    """A duration."""
    return Duration(nanos=milliseconds * 1_000_000)


def booked_call() -> CallLog:
    """Ann Poe books an appointment."""
    log = CallLog()
    log.decision(decisions.CallOffered(call_id=CALL, tenant="demo", vertical="healthcare"), 0)
    log.decision(decisions.LegAdded(leg_id="c", role=LEG_ROLE_CALLER, transport=LEG_TRANSPORT_WEBRTC), 0.1)
    log.decision(decisions.CallAnswered(), 0.2)
    log.decision(decisions.LegAdded(leg_id="a", role=LEG_ROLE_AI_AGENT, transport=LEG_TRANSPORT_PCM), 0.3)
    log.decision(decisions.ConsentRequested(), 0.4)
    log.fact(facts.ReplyHeard(play_id="p1", text="May we record this call?"), 1)
    log.fact(facts.UtteranceHeard(turn_id="t1", leg_id="c", text="Yes, that is fine."), 3)
    log.fact(
        facts.TurnMeasured(turn_id="t1", speech_end_to_reply=ms(640), stages=[StageTime(stage="asr", took=ms(120))]),
        3.5,
    )
    log.decision(decisions.ConsentRecorded(given=True, means="spoken"), 3.6)
    log.decision(decisions.AiEngaged(leg_id="a", profile="front-desk-intake"), 3.7)
    log.fact(facts.ReplyHeard(play_id="p2", turn_id="t1", text="What is your name?"), 4)
    log.fact(facts.UtteranceHeard(turn_id="t2", leg_id="c", text="Ann Poe, 5550142233, a bad rash, soon."), 6)
    slots = Slots(name="Ann Poe", callback_number="5550142233", reason="a bad rash", urgency=URGENCY_SOON)
    log.decision(decisions.SlotsTaken(slots=slots), 6.1)
    log.decision(decisions.ToolCallIntended(tool_call_id="1", name="healthcare.book_appointment"), 7)
    log.decision(decisions.ToolCallSettled(tool_call_id="1", outcome="ok", attempts=1), 8)
    log.decision(decisions.AiReleased(outcome=TALK_OUTCOME_DONE), 9)
    log.fact(
        facts.CaptureSegmentStored(
            leg_id="c", object_key="captures/c/0", sha256=SEALED_SHA256, started_us=2_000_000, ended_us=9_500_000
        ),
        9,
    )
    log.decision(decisions.WrapUpStarted(reason="DONE"), 9.1)
    log.decision(decisions.CallCompleted(), 9.2)
    log.fact(facts.QualityMeasured(leg_id="c", mos=4.3, occasion="close"), 9.3)
    return log
