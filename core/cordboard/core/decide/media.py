"""Commands to the media node: numbered here, guarded here, settled here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import CONSENT_GIVEN, RECORDING_STATE_ON, Phase
from cordboard.core import phases, reasons, routing
from cordboard.core.call_state import PendingCommand
from cordboard.core.decide.draft import Draft, require, require_leg, wrong_phase
from cordboard.core.decide.legs import take_leg_end
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.core.evolve.lifecycle import leg_of_command
from cordboard.media.v1.command_pb2 import Command
from cordboard.media.v1.leg_pb2 import LEG_STATE_FAILED

TIDYING: Final = frozenset({"remove_leg", "flush", "stop_recording", "close_room"})
"""Commands that only take away: legal until the very last, for a room must not outlive its call."""


def _send(draft: Draft, command: commands.SendMediaCommand) -> None:
    asked = command.command
    kind = asked.WhichOneof("command")
    require(kind, "command")
    assert kind is not None
    state = draft.state
    if kind not in TIDYING and state.phase not in phases.OPEN:
        raise wrong_phase(state, kind)
    if not state.placement_epoch:
        raise WrongStateError(reasons.NOT_PLACED, "no node carries the call's media yet")
    if asked.placement_epoch not in (0, state.placement_epoch):
        raise WrongStateError(reasons.STALE_EPOCH, "the call was placed anew since")
    numbered = Command()
    numbered.CopyFrom(asked)
    numbered.call_id = state.call_id
    numbered.placement_epoch = state.placement_epoch
    numbered.command_seq = state.command_seq + 1
    _check(draft, numbered, kind)
    draft.add(decisions.MediaCommandRequested(command=numbered))


def _check(draft: Draft, command: Command, kind: str) -> None:
    state = draft.state
    if kind in ("start_recording", "resume_recording") and state.consent != CONSENT_GIVEN:
        raise WrongStateError(reasons.CONSENT_MISSING, "the caller has not agreed to being recorded")
    if kind == "create_room" and not command.create_room.tenant:
        command.create_room.tenant = state.tenant
    if kind == "set_routing":
        _fill_routing(draft, command)
    if kind == "play":
        for leg_id in command.play.leg_ids:
            require_leg(state, leg_id)
    if kind in ("reoffer", "send_dtmf", "await_silence"):
        require_leg(state, leg_of_command(command))
    if kind == "remove_leg" and state.leg(command.remove_leg.leg_id) is None:
        # An ended leg may still be taken out: the node may not know yet that it is over.
        raise NotFoundError(reasons.LEG_NOT_FOUND, "the call has no such leg", leg_id=command.remove_leg.leg_id)
    if kind == "add_leg":
        leg = require_leg(state, command.add_leg.leg_id)
        if command.add_leg.role not in (0, leg.role):
            raise InvalidError(reasons.WRONG_ROLE, "the leg joined in another role", leg_id=leg.leg_id)
        command.add_leg.role = leg.role


def _fill_routing(draft: Draft, command: Command) -> None:
    """Fill in the matrix in force; refuse any other, for the node and the record must say the same."""
    in_force = routing.to_message(draft.state.routing)
    given = command.set_routing.matrix
    if given.rows and given != in_force:
        raise InvalidError(reasons.ROUTING_DIFFERS, "the matrix differs from the one that was decided")
    given.CopyFrom(in_force)
    command.set_routing.SetInParent()


def _settle(draft: Draft, command: commands.SettleMediaCommand) -> None:
    state = draft.state
    if command.placement_epoch not in (0, state.placement_epoch):
        return
    pending = next((one for one in state.pending_commands if one.command_seq == command.command_seq), None)
    if pending is None:
        return
    draft.add(
        decisions.MediaCommandSettled(
            command_seq=command.command_seq,
            applied=command.applied,
            reason=command.reason,
            placement_epoch=state.placement_epoch,
        )
    )
    if not command.applied:
        _undo(draft, pending, command.reason or reasons.REJECTED)


def _undo(draft: Draft, refused: PendingCommand, reason: str) -> None:
    """What the node refused did not happen, and the state says so."""
    if refused.kind in ("start_recording", "resume_recording") and (draft.state.recording == RECORDING_STATE_ON):
        draft.add(decisions.RecordingStopped(reason=reason))
    if refused.kind == "add_leg" and draft.state.phase in phases.LIVING:
        leg = draft.state.leg(refused.leg_id)
        if leg is not None and leg.living:
            take_leg_end(draft, leg, LEG_STATE_FAILED, reason)


_ALL = phases.LIVING | phases.FINAL

COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.SendMediaCommand: (_ALL, _send),
    commands.SettleMediaCommand: (_ALL, _settle),
}
