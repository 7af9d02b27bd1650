"""What the room asks for by itself: a leg whose part in the call is over is taken out of it."""

from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED
from cordboard.call.v1.commands_pb2 import SendMediaCommand
from cordboard.core import phases, reasons
from cordboard.core.call_state import CallState, Leg
from cordboard.media.v1.command_pb2 import Command, RemoveLeg
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_HUMAN_AGENT
from cordboard.workflows.call_loop import CallLoop

OFFER_OVER = "OFFER_OVER"
"""Why a human agent's leg is taken out who is not, or no longer, the one for this call."""

_HUMANS_TURN = frozenset({PHASE_QUEUED, PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED})


class RoomRules:
    """Takes out human agents who came too late, and AI agents that have left the caller to a human."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._removed: set[str] = set()

    def apply(self) -> None:
        """Decide what the state asks for; runs in each round of the loop."""
        state = self._loop.state
        if state.phase not in phases.OPEN:
            # The room is closed with all that is in it.
            return
        for leg in state.legs:
            reason = _reason_to_go(state, leg)
            if reason and leg.leg_id not in self._removed:
                self._removed.add(leg.leg_id)
                remove = RemoveLeg(leg_id=leg.leg_id, reason=reason)
                self._loop.decide(SendMediaCommand(command=Command(remove_leg=remove)))


def _reason_to_go(state: CallState, leg: Leg) -> str:
    """Why a leg has to leave; empty when it may stay."""
    if leg.role == LEG_ROLE_HUMAN_AGENT and leg.living:
        return "" if _is_expected(state, leg) else OFFER_OVER
    if leg.role == LEG_ROLE_AI_AGENT and state.phase in _HUMANS_TURN and not state.ai_engaged:
        # Its voice agent has gone; the node keeps the port, for another one could have taken it up.
        gone = leg.was_connected and not leg.connected and (leg.living or leg.reason == reasons.RELEASED)
        return reasons.RELEASED if gone else ""
    return ""


def _is_expected(state: CallState, leg: Leg) -> bool:
    offer = state.offer
    if state.transfer is not None and leg.leg_id == state.transfer.first.leg_id:
        return True
    if offer is None:
        return False
    if state.phase == PHASE_AGENT_CONNECTED:
        return leg.leg_id == offer.leg_id
    return state.phase == PHASE_AGENT_ALERTING and leg.party_id == offer.agent_id
