"""What begin, placement, timers and the ends of a call do to its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import DIRECTION_INBOUND, DIRECTION_OUTBOUND
from cordboard.core.call_state import CallState, PendingCommand, Timer
from cordboard.core.ids import NO_LEG, CallId, LegId, NodeId, TimerId
from cordboard.core.timestamps import to_us
from cordboard.media.v1.command_pb2 import Command
from cordboard.media.v1.leg_pb2 import LEG_STATE_ENDED, LEG_STATE_INITIATED


def without_media(state: CallState, *, final: bool) -> CallState:
    """The state when media is over: nobody hears anybody, no queue, no offer; at the very end no leg and no timer."""
    queue = replace(state.queue, position=0) if state.queue is not None else None
    state = replace(state, routing=(), queue=queue, transfer=None, handed_back=False)
    if not final:
        return state
    legs = tuple(replace(leg, state=LEG_STATE_ENDED) if leg.living else leg for leg in state.legs)
    return replace(state, legs=legs, timers=())


def _offered(state: CallState, event: decisions.CallOffered) -> CallState:
    return replace(
        state,
        call_id=CallId(event.call_id),
        tenant=event.tenant,
        vertical=event.vertical,
        workflow=event.workflow,
        direction=DIRECTION_INBOUND,
    )


def _originated(state: CallState, event: decisions.CallOriginated) -> CallState:
    return replace(
        state,
        call_id=CallId(event.call_id),
        tenant=event.tenant,
        vertical=event.vertical,
        workflow=event.workflow,
        direction=DIRECTION_OUTBOUND,
        target=event.target,
        related_call_id=CallId(event.related_call_id),
    )


def _placed(state: CallState, event: decisions.NodePlaced) -> CallState:
    # A new node knows nothing of the legs yet: each living one has to connect again.
    legs = tuple(replace(leg, state=LEG_STATE_INITIATED) if leg.living else leg for leg in state.legs)
    return replace(
        state,
        node_id=NodeId(event.node_id),
        placement_epoch=event.placement_epoch,
        command_seq=0,
        pending_commands=(),
        legs=legs,
    )


def leg_of_command(command: Command) -> LegId:
    """The one leg that a media command is about; empty when it is about the room."""
    match command.WhichOneof("command"):
        case "add_leg":
            return LegId(command.add_leg.leg_id)
        case "reoffer":
            return LegId(command.reoffer.leg_id)
        case "remove_leg":
            return LegId(command.remove_leg.leg_id)
        case "send_dtmf":
            return LegId(command.send_dtmf.leg_id)
        case "await_silence":
            return LegId(command.await_silence.leg_id)
        case _:
            return NO_LEG


def _command_requested(state: CallState, event: decisions.MediaCommandRequested) -> CallState:
    command = event.command
    pending = PendingCommand(
        command_seq=command.command_seq,
        kind=command.WhichOneof("command") or "",
        leg_id=leg_of_command(command),
    )
    return replace(state, command_seq=command.command_seq, pending_commands=(*state.pending_commands, pending))


def _command_settled(state: CallState, event: decisions.MediaCommandSettled) -> CallState:
    pending = tuple(one for one in state.pending_commands if one.command_seq != event.command_seq)
    return replace(state, pending_commands=pending)


def _timer_set(state: CallState, event: decisions.TimerSet) -> CallState:
    others = _timers_without(state, event.timer_id)
    return replace(state, timers=(*others, Timer(TimerId(event.timer_id), to_us(event.due_at))))


def _timer_over(state: CallState, event: decisions.TimerFired | decisions.TimerCancelled) -> CallState:
    return replace(state, timers=_timers_without(state, event.timer_id))


def _timers_without(state: CallState, timer_id: str) -> tuple[Timer, ...]:
    return tuple(timer for timer in state.timers if timer.timer_id != timer_id)


def _ended(
    state: CallState, event: decisions.WrapUpStarted | decisions.CallAbandoned | decisions.CallFailed
) -> CallState:
    return replace(state, end_reason=event.reason)


def _cancelled(state: CallState, event: decisions.CallCancelled) -> CallState:
    return replace(state, end_reason=event.reason, cancelled_by=event.by)


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    decisions.CallOffered: _offered,
    decisions.CallOriginated: _originated,
    decisions.NodePlaced: _placed,
    decisions.MediaCommandRequested: _command_requested,
    decisions.MediaCommandSettled: _command_settled,
    decisions.TimerSet: _timer_set,
    decisions.TimerFired: _timer_over,
    decisions.TimerCancelled: _timer_over,
    decisions.WrapUpStarted: _ended,
    decisions.CallAbandoned: _ended,
    decisions.CallFailed: _ended,
    decisions.CallCancelled: _cancelled,
}
