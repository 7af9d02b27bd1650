"""Chooses who decides on a message, after the gates that all messages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1.call_pb2 import Phase
from cordboard.core import phases, reasons
from cordboard.core.call_state import CallState
from cordboard.core.decide import (
    conversation,
    ending,
    gathering,
    legs,
    lifecycle,
    media,
    originate,
    queueing,
    recording,
    script,
    transfer,
    voicemail,
)
from cordboard.core.decide.draft import Draft, wrong_phase
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.core.phi import is_fact

Decider = Callable[[Draft, Any], None]

COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Decider]]] = {
    **lifecycle.COMMANDS,
    **ending.COMMANDS,
    **media.COMMANDS,
    **legs.COMMANDS,
    **recording.COMMANDS,
    **conversation.COMMANDS,
    **queueing.COMMANDS,
    **gathering.COMMANDS,
    **script.COMMANDS,
    **voicemail.COMMANDS,
    **transfer.COMMANDS,
    **originate.COMMANDS,
}
"""Every command with the phases in which it may be asked for."""

FACTS: Final[Mapping[type[Message], Decider]] = {
    **legs.FACTS,
    **recording.FACTS,
    **conversation.FACTS,
    **queueing.FACTS,
    **gathering.FACTS,
    **voicemail.FACTS,
    **originate.FACTS,
}
"""Every fact that a call consumes."""


def decide(state: CallState | None, message: Message) -> tuple[Message, ...]:
    """Decision events that `message` leads to; none when it changes nothing.

    `state` is None before the call begins. A command that is not legal raises WrongStateError, InvalidError or
    NotFoundError with a stable reason. A fact never raises: late, repeated or foreign ones decide nothing.
    """
    if isinstance(message, commands.BeginCall):
        if state is not None:
            raise WrongStateError(reasons.CALL_EXISTS, "the call has begun before", call_id=state.call_id)
        return lifecycle.begin(message)
    decider = FACTS.get(type(message))
    if decider is not None or is_fact(message):
        if decider is None or state is None or state.phase not in phases.LIVING:
            return ()
        draft = Draft(state)
        decider(draft, message)
        return draft.events
    return _obey(state, message)


def _obey(state: CallState | None, command: Message) -> tuple[Message, ...]:
    entry = COMMANDS.get(type(command))
    name = command.DESCRIPTOR.name
    if entry is None:
        raise InvalidError(reasons.UNKNOWN_COMMAND, "no call obeys this message", message=name)
    if state is None:
        raise NotFoundError(reasons.CALL_NOT_FOUND, f"{name} asks for a call that never began")
    allowed, decider = entry
    if state.phase not in allowed:
        raise wrong_phase(state, name)
    draft = Draft(state)
    decider(draft, command)
    return draft.events
