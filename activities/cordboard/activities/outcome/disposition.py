"""How a call ended for the caller."""

from cordboard.activities.outcome.tool_effect import had_effect
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import (
    PHASE_ABANDONED,
    PHASE_AGENT_CONNECTED,
    PHASE_CALLBACK_BOOKED,
    PHASE_CANCELLED,
    PHASE_FAILED,
    PHASE_VOICEMAIL,
    TALK_OUTCOME_DONE,
    Phase,
)
from cordboard.core.call_state import CallState

# What the caller had, the strongest first: it stays theirs when the line breaks after it.
_HAD: tuple[tuple[Phase.ValueType, pb.Disposition.ValueType], ...] = (
    (PHASE_AGENT_CONNECTED, pb.DISPOSITION_SERVED_BY_AGENT),
    (PHASE_CALLBACK_BOOKED, pb.DISPOSITION_CALLBACK),
    (PHASE_VOICEMAIL, pb.DISPOSITION_VOICEMAIL),
)
_ENDED: dict[Phase.ValueType, pb.Disposition.ValueType] = {
    PHASE_ABANDONED: pb.DISPOSITION_ABANDONED,
    PHASE_FAILED: pb.DISPOSITION_FAILED,
    PHASE_CANCELLED: pb.DISPOSITION_CANCELLED,
}


def disposition_of(state: CallState) -> pb.Disposition.ValueType:
    """Tell what the caller left with."""
    for phase, disposition in _HAD:
        if phase in state.phases:
            return disposition
    if had_effect(state) or (state.talk_outcome == TALK_OUTCOME_DONE and state.phase not in _ENDED):
        return pb.DISPOSITION_SERVED_BY_AI
    return _ENDED.get(state.phase, pb.DISPOSITION_UNSERVED)
