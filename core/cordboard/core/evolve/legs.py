"""What legs, hold, supervision and routing do to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_CONNECTED,
    SUPERVISION_MODE_MONITOR,
    SUPERVISION_MODE_UNSPECIFIED,
)
from cordboard.core.call_state import CallState, Leg, Listening
from cordboard.core.ids import LegId
from cordboard.core.reasons import REPLACED
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_AI_AGENT,
    LEG_ROLE_CALLER,
    LEG_ROLE_SUPERVISOR,
    LEG_STATE_CONNECTED,
    LEG_STATE_ENDED,
)


def with_leg(state: CallState, leg_id: str, /, **changes: Any) -> CallState:
    """The state with fields of one leg changed; as it is when there is no such leg."""
    if state.leg(leg_id) is None:
        return state
    legs = tuple(replace(leg, **changes) if leg.leg_id == leg_id else leg for leg in state.legs)
    return replace(state, legs=legs)


def _added(state: CallState, event: decisions.LegAdded) -> CallState:
    replaced = state.leg(event.replaces_leg_id) if event.replaces_leg_id else None
    leg = Leg(
        leg_id=LegId(event.leg_id),
        role=event.role,
        transport=event.transport,
        party_id=event.party_id,
        bridged=replaced.bridged if replaced is not None else _joins_talk(state, event),
        held=replaced.held if replaced is not None else False,
        supervision=replaced.supervision if replaced is not None else _first_mode(event),
    )
    others = tuple(one for one in state.legs if one.leg_id != leg.leg_id)
    state = replace(state, legs=(*others, leg))
    return _take_over(state, replaced, leg) if replaced is not None else state


def _joins_talk(state: CallState, event: decisions.LegAdded) -> bool:
    # The AI agent's leg is routed before the talk begins, so that its greeting has ears from its first sample.
    if event.role == LEG_ROLE_AI_AGENT:
        return state.phase != PHASE_AGENT_CONNECTED
    return event.role == LEG_ROLE_CALLER


def _first_mode(event: decisions.LegAdded) -> Any:
    return SUPERVISION_MODE_MONITOR if event.role == LEG_ROLE_SUPERVISOR else SUPERVISION_MODE_UNSPECIFIED


def _take_over(state: CallState, replaced: Leg, leg: Leg) -> CallState:
    """Whatever names the replaced leg names the new one from now on."""
    old = replaced.leg_id
    changes: dict[str, Any] = {"replaced_by": leg.leg_id}
    if replaced.living:
        changes |= {"state": LEG_STATE_ENDED, "reason": REPLACED}
    state = with_leg(state, old, **changes)
    if state.talk is not None and state.talk.leg_id == old:
        state = replace(state, talk=replace(state.talk, leg_id=leg.leg_id))
    if state.offer is not None and state.offer.leg_id == old:
        state = replace(state, offer=replace(state.offer, leg_id=leg.leg_id))
    if state.transfer is not None and state.transfer.first.leg_id == old:
        first = replace(state.transfer.first, leg_id=leg.leg_id)
        state = replace(state, transfer=replace(state.transfer, first=first))
    return state


def _state_taken(state: CallState, event: decisions.LegStateTaken) -> CallState:
    changes: dict[str, Any] = {"state": event.state, "reason": event.reason}
    if event.state == LEG_STATE_CONNECTED:
        changes["was_connected"] = True
    return with_leg(state, event.leg_id, **changes)


def _held(state: CallState, event: decisions.LegHeld) -> CallState:
    return with_leg(state, event.leg_id, held=True)


def _retrieved(state: CallState, event: decisions.LegRetrieved) -> CallState:
    return with_leg(state, event.leg_id, held=False)


def _supervised(state: CallState, event: decisions.SupervisionSet) -> CallState:
    return with_leg(state, event.leg_id, supervision=event.mode)


def _routed(state: CallState, event: decisions.RoutingSet) -> CallState:
    rows = tuple(Listening(LegId(row.leg_id), tuple(LegId(heard) for heard in row.hears)) for row in event.matrix.rows)
    return replace(state, routing=rows)


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    decisions.LegAdded: _added,
    decisions.LegStateTaken: _state_taken,
    decisions.LegHeld: _held,
    decisions.LegRetrieved: _retrieved,
    decisions.SupervisionSet: _supervised,
    decisions.RoutingSet: _routed,
}
