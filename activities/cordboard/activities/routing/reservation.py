"""An agent who is set aside for a call, or in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cordboard.activities.routing.agent import AgentKey


class ReservationState(StrEnum):
    """How far a reservation has come."""

    OFFERED = "OFFERED"
    """The agent is set aside, and rung by the call."""
    CONFIRMED = "CONFIRMED"
    """The agent took the call."""
    OVER = "OVER"


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation; an agent's epochs number theirs from 1."""

    agent: AgentKey
    epoch: int
    call_id: str
    made_at: datetime
    expires_at: datetime
    """When it ends by itself, whoever has died."""
    state: ReservationState = ReservationState.OFFERED
    reason: str = ""
    """Why it is over."""
