"""What a registered workflow is to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import script_pb2
from cordboard.core.call_state import CallState, Script


def script_of(event: script_pb2.ScriptPinned) -> Script:
    """The registered workflow as the state keeps it."""
    return Script(event.script.name, event.script.version, event.script.digest)


def _pinned(state: CallState, event: script_pb2.ScriptPinned) -> CallState:
    return replace(state, script=script_of(event))


def _abandoned(state: CallState, event: script_pb2.ScriptAbandoned) -> CallState:
    if state.script is None:
        return state
    return replace(state, script=replace(state.script, abandoned=event.reason))


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    script_pb2.ScriptPinned: _pinned,
    script_pb2.ScriptAbandoned: _abandoned,
}
