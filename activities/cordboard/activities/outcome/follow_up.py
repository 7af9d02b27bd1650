"""Whether somebody has to do something after a call, and why."""

from typing import Final

from cordboard.activities.outcome.tool_effect import effect_unknown
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import TALK_OUTCOME_RED_LINE, URGENCY_URGENT
from cordboard.core.call_state import CallState

CALLBACK_PROMISED: Final = "CALLBACK_PROMISED"
VOICEMAIL_LEFT: Final = "VOICEMAIL_LEFT"
BOOKING_UNKNOWN: Final = "BOOKING_UNKNOWN"
RED_LINE_UNSERVED: Final = "RED_LINE_UNSERVED"
ABANDONED_IN_QUEUE: Final = "ABANDONED_IN_QUEUE"
URGENT_UNSERVED: Final = "URGENT_UNSERVED"
CALL_FAILED: Final = "CALL_FAILED"
ESCALATION_UNSERVED: Final = "ESCALATION_UNSERVED"

_BY_DISPOSITION = {
    pb.DISPOSITION_CALLBACK: CALLBACK_PROMISED,
    pb.DISPOSITION_VOICEMAIL: VOICEMAIL_LEFT,
    pb.DISPOSITION_FAILED: CALL_FAILED,
}


def follow_up_of(state: CallState, disposition: pb.Disposition.ValueType, *, urgent: bool) -> pb.FollowUp:
    """Say what is left to do; without a reason nothing is."""
    reason = _reason(state, disposition, urgent=urgent)
    return pb.FollowUp(state=pb.FOLLOW_UP_STATE_OPEN, reason=reason) if reason else pb.FollowUp()


def _reason(state: CallState, disposition: pb.Disposition.ValueType, *, urgent: bool) -> str:
    if effect_unknown(state):
        return BOOKING_UNKNOWN
    if disposition in (pb.DISPOSITION_SERVED_BY_AGENT, pb.DISPOSITION_CANCELLED):
        return ""
    if disposition in _BY_DISPOSITION:
        return _BY_DISPOSITION[disposition]
    if state.talk_outcome == TALK_OUTCOME_RED_LINE:
        return RED_LINE_UNSERVED
    if state.queue is not None:
        return ABANDONED_IN_QUEUE
    if state.escalation_reason:
        return ESCALATION_UNSERVED
    if urgent and disposition != pb.DISPOSITION_SERVED_BY_AI:
        return URGENT_UNSERVED
    return ""


def is_urgent(state: CallState) -> bool:
    """Tell whether the caller's matter needs a person now, by what was learnt of it."""
    talk = state.talk
    return URGENCY_URGENT in (state.slots.urgency, talk.urgency if talk is not None else state.slots.urgency)
