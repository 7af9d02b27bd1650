"""The registered workflow of a call: pinned once, given up once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import script_pb2
from cordboard.call.v1.call_pb2 import Phase
from cordboard.core import phases, reasons
from cordboard.core.decide.draft import Draft, require
from cordboard.core.errors import NotFoundError, WrongStateError
from cordboard.core.evolve.script import script_of


def _pin(draft: Draft, command: script_pb2.PinScript) -> None:
    require(command.script.name, "name")
    require(command.script.version, "version")
    require(command.script.digest, "digest")
    pinned = script_pb2.ScriptPinned(script=command.script)
    if draft.state.script == script_of(pinned):
        return
    if draft.state.script is not None:
        # A running call keeps the version that it began with.
        raise WrongStateError(reasons.SCRIPT_PINNED, "the call is pinned to another registration")
    draft.add(pinned)


def _abandon(draft: Draft, command: script_pb2.AbandonScript) -> None:
    require(command.reason, "reason")
    if draft.state.script is None:
        raise NotFoundError(reasons.SCRIPT_MISSING, "no registered workflow runs the call")
    if not draft.state.script.abandoned:
        draft.add(script_pb2.ScriptAbandoned(reason=command.reason))


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    script_pb2.PinScript: (phases.OPEN, _pin),
    script_pb2.AbandonScript: (phases.OPEN, _abandon),
}
