"""Which human agent may join a call."""

from typing import Final

from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED
from cordboard.call.v1.call_workflow_pb2 import AddLegInput
from cordboard.core import reasons
from cordboard.core.call_state import CallState
from cordboard.core.errors import ForbiddenError, WrongStateError

NOT_OFFERED: Final = "NOT_OFFERED"


def check_agent(state: CallState, wanted: AddLegInput) -> None:
    """Let in the agent who is being rung, and let the one who is in the call come back in place of their own leg.

    An agent may join before the answer to the offer was consumed: desk and media come by different ways. Raises
    ForbiddenError(NOT_OFFERED), WrongStateError(WRONG_PHASE).
    """
    offer = state.offer
    if state.phase not in (PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED) or offer is None:
        raise WrongStateError(reasons.WRONG_PHASE, "the call is offered to no human agent")
    if not wanted.party_id or wanted.party_id != offer.agent_id:
        raise ForbiddenError(NOT_OFFERED, "the call is offered to another human agent")
    if state.phase == PHASE_AGENT_CONNECTED and wanted.request.replaces_leg_id != offer.leg_id:
        raise WrongStateError(reasons.WRONG_PHASE, "the agent is in the call")
