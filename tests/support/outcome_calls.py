"""States of calls that are over, and outcomes, for the tests of what comes of calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import (
    DIRECTION_INBOUND,
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_INTAKE,
    PHASE_OFFERED,
    PHASE_WRAPPING_UP,
    TALK_OUTCOME_DONE,
    URGENCY_SOON,
    Phase,
)
from cordboard.core.call_state import CallState, Slots, Talk, ToolCall
from cordboard.core.ids import CallId, LegId, ToolCallId
from cordboard.wrap_up.v1 import transcript_pb2 as transcript

CALL_ID = "01980000-0000-7000-8000-000000000001"
TENANT = "lakeside"
OFFERED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)

SERVED = CallState(
    call_id=CallId(CALL_ID),
    tenant=TENANT,
    vertical="healthcare",
    direction=DIRECTION_INBOUND,
    phase=PHASE_COMPLETED,
    phases=(PHASE_OFFERED, PHASE_INTAKE, PHASE_AI_ENGAGED, PHASE_WRAPPING_UP, PHASE_COMPLETED),
    slots=Slots(
        name="Maria Lopez",
        callback_number="4155550134",
        reason="a sore throat",
        urgency=URGENCY_SOON,
        extra=(("date_of_birth", "March 3rd 1961"),),
    ),
    tool_calls=(
        ToolCall(ToolCallId("t1"), "healthcare.find_slot", outcome="ok", attempts=1),
        ToolCall(ToolCallId("t2"), "healthcare.book_appointment", outcome="ok", attempts=1),
    ),
    talk=Talk(LegId("ai"), "front-desk-intake", engaged=False, outcome=TALK_OUTCOME_DONE),
    end_reason="DONE",
    offered_at_us=int(OFFERED.timestamp()) * 1_000_000,
    ended_at_us=int((OFFERED + timedelta(seconds=40)).timestamp()) * 1_000_000,
)
"""A call in which the AI agent booked."""

PHI_VALUES = ("Maria", "Lopez", "4155550134", "+14155550134", "sore throat", "1961")
"""Words of that call that must never stand in clear."""


def unserved(phase: Phase.ValueType, *phases: Phase.ValueType) -> CallState:
    """Give a call in which no tool did anything, that ended in `phase` after `phases`."""
    return replace(SERVED, phase=phase, phases=(*phases, phase), tool_calls=(), talk=None, slots=Slots())


def talk_of(*lines: tuple[transcript.Speaker.ValueType, str]) -> transcript.RedactedTranscript:
    """Give a redacted transcript of lines."""
    utterances = [
        transcript.RedactedUtterance(ordinal=ordinal, speaker=speaker, text=text)
        for ordinal, (speaker, text) in enumerate(lines)
    ]
    return transcript.RedactedTranscript(call_id=CALL_ID, utterances=utterances)


def row(number: int, urgency: int, minutes: int, tenant: str = TENANT) -> pb.Outcome:
    """Give an outcome with an open follow-up that ended so many minutes after the others began."""
    outcome = pb.Outcome(
        call_id=f"01980000-0000-7000-8000-{number:012}",
        tenant=tenant,
        vertical="healthcare",
        disposition=pb.DISPOSITION_ABANDONED,
        urgency=urgency,  # type: ignore[arg-type]  # every number in use is one of the enum
        follow_up=pb.FollowUp(state=pb.FOLLOW_UP_STATE_OPEN, reason="ABANDONED_IN_QUEUE"),
        sentiment=pb.Sentiment(score=-0.5, mood=pb.MOOD_NEGATIVE),
        quality=[pb.LegQuality(leg_id="caller", mos=4.2, worst_mos=3.1)],
    )
    outcome.offered_at.FromDatetime(OFFERED)
    outcome.ended_at.FromDatetime(OFFERED + timedelta(minutes=minutes))
    return outcome
