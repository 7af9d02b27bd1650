"""Which human agent may join a call."""

from typing import Final

from cordboard.call.v1.call_pb2 import DIRECTION_OUTBOUND, PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED
from cordboard.call.v1.call_workflow_pb2 import AddLegInput
from cordboard.core import reasons
from cordboard.core.call_state import CallState, Leg
from cordboard.core.errors import ForbiddenError, WrongStateError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

NOT_OFFERED: Final = "NOT_OFFERED"


def check_agent(state: CallState, wanted: AddLegInput) -> None:
    """Let in the agent who is being rung, and let the one who is in the call come back in place of their own leg.

    Whose own leg is over need not name it.

    An agent may join before the answer to the offer was consumed: desk and media come by different ways. Raises
    ForbiddenError(NOT_OFFERED), WrongStateError(WRONG_PHASE).
    """
    offer = state.offer
    first = state.transfer.first if state.transfer is not None else None
    if first is not None and first.agent_id == wanted.party_id and wanted.request.replaces_leg_id == first.leg_id:
        return
    if state.phase not in (PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED) or offer is None:
        raise WrongStateError(reasons.WRONG_PHASE, "the call is offered to no human agent")
    if not wanted.party_id or wanted.party_id != offer.agent_id:
        raise ForbiddenError(NOT_OFFERED, "the call is offered to another human agent")
    if state.phase != PHASE_AGENT_CONNECTED or wanted.request.replaces_leg_id == offer.leg_id:
        return
    if wanted.request.replaces_leg_id or agent_away(state) is None:
        raise WrongStateError(reasons.WRONG_PHASE, "the agent is in the call")


def check_party(state: CallState, wanted: AddLegInput) -> None:
    """Let one answer a call that was placed to them. Raises WrongStateError(WRONG_PHASE) for a second one."""
    answered = any(leg.role == LEG_ROLE_CALLER for leg in state.legs)
    if state.direction == DIRECTION_OUTBOUND and not state.party_called:
        raise WrongStateError(reasons.WRONG_PHASE, "nobody was called yet")
    if state.direction == DIRECTION_OUTBOUND and answered and not wanted.request.replaces_leg_id:
        raise WrongStateError(reasons.WRONG_PHASE, "somebody has answered the call")


def agent_in_call(state: CallState) -> Leg | None:
    """Give the leg of the agent who is in the call, over or not; None when there is no such agent."""
    if state.phase != PHASE_AGENT_CONNECTED or state.offer is None:
        return None
    return state.leg(state.offer.leg_id)


def agent_away(state: CallState) -> Leg | None:
    """Give the leg of the agent who is in the call and whose connection is over; None when there is no such agent."""
    leg = agent_in_call(state)
    return leg if leg is not None and not leg.living else None
