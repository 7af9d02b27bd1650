"""Which tool calls had an effect in the tenant's systems, and which only looked something up."""

from collections.abc import Iterable

from cordboard.call.v1.outcome_pb2 import ToolSuccess
from cordboard.core.call_state import CallState, ToolCall

OK = "ok"
FAILED = "failed"
UNKNOWN = "unknown"

LOOK_UP_VERBS = frozenset({"find", "get", "list", "check", "search", "look", "show"})
"""First words of tools that change nothing, as method names of APIs have them (AIP-130)."""


def is_look_up(name: str) -> bool:
    """Tell by a tool's name (`healthcare.find_slot`) whether it only looks something up."""
    return name.rpartition(".")[2].partition("_")[0] in LOOK_UP_VERBS


def effects(state: CallState) -> tuple[ToolCall, ...]:
    """Give the tool calls that were to change something."""
    return tuple(call for call in state.tool_calls if not is_look_up(call.name))


def had_effect(state: CallState) -> bool:
    """Tell whether a tool changed something for certain."""
    return any(call.outcome == OK for call in effects(state))


def effect_unknown(state: CallState) -> bool:
    """Tell whether nobody knows of a tool call if it changed something, and no later call of that tool does."""
    last = {call.name: call.outcome for call in effects(state)}
    return UNKNOWN in last.values()


def tool_success(calls: Iterable[ToolCall]) -> ToolSuccess:
    """Count how tool calls went; one that never settled is of unknown outcome."""
    outcomes = [call.outcome for call in calls]
    succeeded, failed = outcomes.count(OK), outcomes.count(FAILED)
    return ToolSuccess(
        intended=len(outcomes), succeeded=succeeded, failed=failed, unknown=len(outcomes) - succeeded - failed
    )
