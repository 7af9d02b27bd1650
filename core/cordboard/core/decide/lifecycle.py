"""Begin, ring, answer, placement and timers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    DIRECTION_INBOUND,
    DIRECTION_OUTBOUND,
    PHASE_ALERTING,
    PHASE_ORIGINATING,
    Phase,
)
from cordboard.core import phases, reasons
from cordboard.core.decide.draft import Draft, require
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.core.timestamps import to_us


def begin(command: commands.BeginCall) -> tuple[Message, ...]:
    """The first decision of a call."""
    require(command.call_id, "call_id")
    require(command.tenant, "tenant")
    require(command.vertical, "vertical")
    if command.direction == DIRECTION_INBOUND:
        return (
            decisions.CallOffered(
                call_id=command.call_id,
                tenant=command.tenant,
                vertical=command.vertical,
                workflow=command.workflow,
            ),
        )
    if command.direction == DIRECTION_OUTBOUND:
        return (
            decisions.CallOriginated(
                call_id=command.call_id,
                tenant=command.tenant,
                vertical=command.vertical,
                workflow=command.workflow,
                target=command.target,
                related_call_id=command.related_call_id,
            ),
        )
    raise InvalidError(reasons.FIELD_MISSING, "direction is required", field="direction")


def _alert(draft: Draft, _: commands.AlertCall) -> None:
    if draft.state.phase == PHASE_ORIGINATING:
        draft.add(decisions.CallAlerted())


def _answer(draft: Draft, _: commands.AnswerCall) -> None:
    if draft.state.phase in phases.SETTING_UP:
        draft.add(decisions.CallAnswered())


def _place(draft: Draft, command: commands.PlaceCall) -> None:
    require(command.node_id, "node_id")
    require(command.placement_epoch, "placement_epoch")
    state = draft.state
    if (command.node_id, command.placement_epoch) == (state.node_id, state.placement_epoch):
        return
    if command.placement_epoch <= state.placement_epoch:
        raise WrongStateError(
            reasons.STALE_EPOCH,
            "a placement with this or a higher epoch is in force",
            placement_epoch=str(command.placement_epoch),
        )
    draft.add(decisions.NodePlaced(node_id=command.node_id, placement_epoch=command.placement_epoch))


def _set_timer(draft: Draft, command: commands.SetTimer) -> None:
    require(command.timer_id, "timer_id")
    require(to_us(command.due_at), "due_at")
    running = draft.state.timer(command.timer_id)
    if running is not None:
        if running.due_us == to_us(command.due_at):
            return
        draft.add(decisions.TimerCancelled(timer_id=command.timer_id))
    draft.add(decisions.TimerSet(timer_id=command.timer_id, due_at=command.due_at))


def _fire_timer(draft: Draft, command: commands.FireTimer) -> None:
    # A timer that was cancelled while it fired is late, not wrong.
    if draft.state.timer(command.timer_id) is not None:
        draft.add(decisions.TimerFired(timer_id=command.timer_id))


def _cancel_timer(draft: Draft, command: commands.CancelTimer) -> None:
    if draft.state.timer(command.timer_id) is not None:
        draft.add(decisions.TimerCancelled(timer_id=command.timer_id))


_ALL = phases.LIVING | phases.FINAL

COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.AlertCall: (frozenset({PHASE_ORIGINATING, PHASE_ALERTING}), _alert),
    commands.AnswerCall: (phases.OPEN, _answer),
    commands.PlaceCall: (phases.LIVING, _place),
    commands.SetTimer: (phases.LIVING, _set_timer),
    commands.FireTimer: (_ALL, _fire_timer),
    commands.CancelTimer: (_ALL, _cancel_timer),
}
