"""What others have to be told about a change. It is kept with the change itself until it was told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cordboard.activities.routing.agent import AgentKey


class NoticeKind(StrEnum):
    """What is told, and to whom."""

    STATE = "STATE"
    """AgentStateChanged, to the log."""
    RESERVED = "RESERVED"
    """AgentReservation, to the call."""
    WITHDRAWN = "WITHDRAWN"
    """AgentWithdrawal, to the call."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell."""

    kind: NoticeKind
    agent: AgentKey
    call_id: str
    epoch: int
    payload: bytes
    """The message that the kind names, serialised."""
    made_at: datetime
    said_seq: int = 0
    """Place of the desk's newest word in the agent's stream: if a STATE was logged already, it stands after it."""
    number: int = 0
    """Order among all notices; given when it is kept."""
