"""What transfers do to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STAGE_CONFERENCE,
    TRANSFER_STAGE_CONSULTING,
    ConferenceBegun,
    ConsultBegun,
    HandedBack,
    TransferCompleted,
    TransferEnded,
    TransferReturned,
    TransferStarted,
)
from cordboard.core.call_state import AgentOffer, CallState, Transfer
from cordboard.core.evolve.legs import with_leg
from cordboard.core.ids import AgentId, LegId


def _started(state: CallState, event: TransferStarted) -> CallState:
    first = state.offer
    if first is None or first.leg_id != event.leg_id:
        first = AgentOffer(AgentId(event.agent_id), 0, accepted=True, leg_id=LegId(event.leg_id))
    return replace(state, transfer=Transfer(first, event.consult, AgentId(event.target_agent_id)))


def _consulting(state: CallState, _: ConsultBegun) -> CallState:
    if state.transfer is None:
        return state
    state = with_leg(state, state.transfer.first.leg_id, bridged=True)
    assert state.transfer is not None
    return replace(state, transfer=replace(state.transfer, stage=TRANSFER_STAGE_CONSULTING))


def _conferring(state: CallState, _: ConferenceBegun) -> CallState:
    if state.transfer is None:
        return state
    return replace(state, transfer=replace(state.transfer, stage=TRANSFER_STAGE_CONFERENCE))


def _completed(state: CallState, _: TransferCompleted) -> CallState:
    return without_transfer(state)


def _returned(state: CallState, event: TransferReturned) -> CallState:
    if state.offer is not None and state.offer.leg_id and state.offer.leg_id != event.leg_id:
        state = with_leg(state, state.offer.leg_id, bridged=False)
    first = AgentOffer(AgentId(event.agent_id), 0, accepted=True, leg_id=LegId(event.leg_id))
    if state.transfer is not None and state.transfer.first.agent_id == event.agent_id:
        first = replace(state.transfer.first, leg_id=LegId(event.leg_id))
    queue = replace(state.queue, position=0) if state.queue is not None else None
    return replace(with_leg(state, event.leg_id, bridged=True), offer=first, transfer=None, queue=queue)


def _ended(state: CallState, _: TransferEnded) -> CallState:
    return without_transfer(state)


def _handed_back(state: CallState, _: HandedBack) -> CallState:
    return replace(state, handed_back=True)


def without_transfer(state: CallState) -> CallState:
    """The state without the transfer, and without the agent who asked for it."""
    if state.transfer is None:
        return state
    first = state.transfer.first.leg_id
    return replace(with_leg(state, first, bridged=False), transfer=None)


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    TransferStarted: _started,
    ConsultBegun: _consulting,
    ConferenceBegun: _conferring,
    TransferCompleted: _completed,
    TransferReturned: _returned,
    TransferEnded: _ended,
    HandedBack: _handed_back,
}
