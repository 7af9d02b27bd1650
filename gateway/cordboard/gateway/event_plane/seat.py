"""An agent's part in a call, as the call's decisions tell it: from being rung until somebody else has the call."""

from dataclasses import dataclass, replace

from google.protobuf.message import Message

from cordboard.call.v1.decisions_pb2 import (
    AgentAccepted,
    AgentAlerted,
    AgentConnected,
    AgentMissed,
    AiEngaged,
    CallAbandoned,
    CallbackBooked,
    CallCancelled,
    CallCompleted,
    CallFailed,
    CallQueued,
    LegAdded,
    VoicemailStarted,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT

_LEAVE = (
    AgentMissed,
    AiEngaged,
    CallQueued,
    CallbackBooked,
    VoicemailStarted,
    CallAbandoned,
    CallCancelled,
    CallCompleted,
    CallFailed,
)


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent who is rung, or is in the call."""

    reservation_epoch: int
    accepted: bool = False
    connected: bool = False
    leg_id: str = ""
    """The agent's own leg, once there is one."""


def seat_after(seat: Seat | None, decision: Message, agent_id: str) -> Seat | None:
    """Give the agent's part after a decision; None when the agent has none."""
    if isinstance(decision, AgentAlerted):
        return Seat(decision.reservation_epoch) if decision.agent_id == agent_id else None
    if seat is None or isinstance(decision, _LEAVE):
        return None
    if isinstance(decision, AgentAccepted):
        return replace(seat, accepted=True)
    if isinstance(decision, LegAdded) and decision.role == LEG_ROLE_HUMAN_AGENT and decision.party_id == agent_id:
        return replace(seat, leg_id=decision.leg_id)
    if isinstance(decision, AgentConnected):
        return replace(seat, connected=True, leg_id=decision.leg_id) if decision.agent_id == agent_id else None
    return seat
