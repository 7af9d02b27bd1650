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
from cordboard.call.v1.transfer_pb2 import TransferCompleted, TransferEnded, TransferReturned, TransferStarted
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT

_OVER = (
    AiEngaged,
    CallbackBooked,
    VoicemailStarted,
    CallAbandoned,
    CallCancelled,
    CallCompleted,
    CallFailed,
    TransferEnded,
)
_LEAVE = (AgentMissed, CallQueued, *_OVER)


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent who is rung, or is in the call."""

    reservation_epoch: int
    accepted: bool = False
    connected: bool = False
    leg_id: str = ""
    """The agent's own leg, once there is one."""
    trace_id: str = ""
    """The call's trace, which what the agent says of it belongs to."""
    transferring: bool = False
    """Whether the agent hands the caller on to another one: still there, and may take the caller back."""


def seat_after(seat: Seat | None, decision: Message, agent_id: str) -> Seat | None:
    """Give the agent's part after a decision; None when the agent has none."""
    if isinstance(decision, TransferStarted):
        return replace(seat, transferring=True) if seat is not None and seat.connected else None
    if isinstance(decision, TransferReturned):
        return replace(seat, transferring=False) if seat is not None and decision.agent_id == agent_id else None
    if isinstance(decision, TransferCompleted):
        return seat if decision.agent_id == agent_id else None
    if seat is not None and seat.transferring and not isinstance(decision, (*_OVER, LegAdded)):
        return seat
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
