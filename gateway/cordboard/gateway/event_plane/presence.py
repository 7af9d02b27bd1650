"""An agent's state, as the agent's stream tells it."""

from dataclasses import dataclass, replace

from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
    AgentState,
    AgentStateChanged,
)

IN_CALL = (AGENT_STATE_RESERVED, AGENT_STATE_BUSY)
_WITH_CALL = (*IN_CALL, AGENT_STATE_WRAP_UP)
_PREFIX = "AGENT_STATE_"


def state_name(state: AgentState.ValueType) -> str:
    """Give a state's name on the event plane, such as `READY`."""
    return AgentState.Name(state).removeprefix(_PREFIX)


@dataclass(frozen=True, slots=True)
class Presence:
    """What an agent does, and what their desk wants."""

    state: AgentState.ValueType = AGENT_STATE_NOT_READY
    reason: str = ""
    wanted: AgentState.ValueType = AGENT_STATE_NOT_READY
    wanted_reason: str = ""
    call_id: str = ""
    """The call that routing holds the agent for, empty for none."""
    session_id: str = ""
    """The desk's session that spoke last."""

    def after(self, fact: AgentStateChanged) -> "Presence":
        """Give the presence after a fact."""
        after = replace(self, state=fact.state, reason=fact.reason)
        if not fact.change:
            after = replace(after, wanted=fact.state, wanted_reason=fact.reason)
            return replace(after, session_id=fact.session_id) if fact.session_id else after
        after = replace(after, call_id=fact.call_id if fact.state in _WITH_CALL else "")
        if fact.state == AGENT_STATE_NOT_READY:
            # Routing took the agent's readiness away, for not answering: it lasts until the desk says otherwise.
            return replace(after, wanted=fact.state, wanted_reason=fact.reason)
        return after

    @property
    def readiness(self) -> tuple[AgentState.ValueType, str]:
        """What a desk that comes back says again: what its agent wanted, with the reason."""
        if self.wanted == AGENT_STATE_READY:
            return AGENT_STATE_READY, ""
        return AGENT_STATE_NOT_READY, self.wanted_reason
