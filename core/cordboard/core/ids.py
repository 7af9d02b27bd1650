"""Names for the strings that identify things, so that one kind of id cannot stand where another is meant."""

from typing import NewType

CallId = NewType("CallId", str)
"""A call: a UUIDv7, given by the ledger."""

LegId = NewType("LegId", str)
"""A leg, unique within its call, chosen by the workflow."""

NodeId = NewType("NodeId", str)
"""A media node, by its instance name."""

AgentId = NewType("AgentId", str)
"""A human agent."""

ToolCallId = NewType("ToolCallId", str)
"""A tool call, derived from (call, turn, ordinal)."""

TurnId = NewType("TurnId", str)
"""A turn of the caller in the talk with an AI agent."""

TimerId = NewType("TimerId", str)
"""A timer, unique within its call while it runs."""

NO_CALL = CallId("")
NO_LEG = LegId("")
NO_NODE = NodeId("")
NO_TURN = TurnId("")
NO_AGENT = AgentId("")


def tool_call_id(call_id: str, turn_id: str, ordinal: int) -> ToolCallId:
    """Derive the id of the `ordinal`-th tool call (from 1) of a turn; the same question gives the same id."""
    return ToolCallId(f"{call_id}/{turn_id}/{ordinal}")
