"""A human agent as routing knows them."""

from dataclasses import dataclass, replace
from datetime import datetime

from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AgentState,
)


@dataclass(frozen=True, slots=True, order=True)
class AgentKey:
    """Names an agent: the id alone is unique only within its tenant."""

    tenant: str
    agent_id: str


@dataclass(frozen=True, slots=True)
class DeskWord:
    """What a desk said about its agent: READY or NOT_READY, as it stands on the log."""

    agent: AgentKey
    seq: int
    """Its place in the agent's stream. An older word than the newest one changes nothing."""
    state: AgentState.ValueType
    reason: str = ""
    skills: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent's state. What the desk wants is kept apart from what the agent does: it holds once a call is over."""

    key: AgentKey
    since: datetime
    idle_since: datetime
    """Start of the idleness that counts for their turn; a call that went away before they had it does not end it."""
    state: AgentState.ValueType = AGENT_STATE_NOT_READY
    reason: str = ""
    skills: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    epoch: int = 0
    """Epoch of the newest reservation that was ever made."""
    session_id: str = ""
    wanted: AgentState.ValueType = AGENT_STATE_NOT_READY
    wanted_reason: str = ""
    said_seq: int = 0
    """Place of the desk's newest word in the agent's stream."""
    changes: int = 0
    """How many changes routing has put on record by itself."""

    def enter(self, state: AgentState.ValueType, now: datetime, reason: str = "") -> "Agent":
        """Take up a state; taking up the one that it is in only changes the reason."""
        if state == self.state:
            return replace(self, reason=reason)
        turn_begins = state == AGENT_STATE_READY and self.state != AGENT_STATE_RESERVED
        return replace(self, state=state, reason=reason, since=now, idle_since=now if turn_begins else self.idle_since)

    def free(self, now: datetime) -> "Agent":
        """Do what the desk wants, now that nothing stands against it."""
        return self.enter(self.wanted, now, self.wanted_reason)
