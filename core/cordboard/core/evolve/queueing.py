"""What escalation, queues, human agents, voicemail and callbacks do to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.originate_pb2 import PartyCalled, PlaceKept
from cordboard.call.v1.voicemail_pb2 import VoicemailEnded
from cordboard.core.call_state import AgentOffer, Callback, CallState, QueuePlace, Voicemail
from cordboard.core.evolve.legs import with_leg
from cordboard.core.ids import AgentId, LegId
from cordboard.core.timestamps import to_us
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT


def _escalated(state: CallState, event: decisions.EscalationDecided) -> CallState:
    return replace(state, escalation_reason=event.reason)


def _queued(state: CallState, event: decisions.CallQueued) -> CallState:
    # Queued anew from a human agent: that agent's leg no longer takes part.
    for leg in state.legs:
        if leg.role == LEG_ROLE_HUMAN_AGENT and leg.bridged:
            state = with_leg(state, leg.leg_id, bridged=False)
    return replace(
        state, queue=QueuePlace(event.queue, tuple(event.skills), event.priority), offer=None, handed_back=False
    )


def _positioned(state: CallState, event: decisions.QueuePosition) -> CallState:
    if state.queue is None:
        return state
    return replace(state, queue=replace(state.queue, position=event.position))


def _alerted(state: CallState, event: decisions.AgentAlerted) -> CallState:
    return replace(state, offer=AgentOffer(AgentId(event.agent_id), event.reservation_epoch))


def _accepted(state: CallState, event: decisions.AgentAccepted) -> CallState:
    return replace(state, offer=AgentOffer(AgentId(event.agent_id), event.reservation_epoch, accepted=True))


def _missed(state: CallState, _: decisions.AgentMissed) -> CallState:
    return replace(state, offer=None)


def _connected(state: CallState, event: decisions.AgentConnected) -> CallState:
    offer = state.offer
    if offer is None or offer.agent_id != event.agent_id:
        offer = AgentOffer(AgentId(event.agent_id), 0)
    queue = replace(state.queue, position=0) if state.queue is not None else None
    state = replace(state, offer=replace(offer, accepted=True, leg_id=LegId(event.leg_id)), queue=queue)
    return with_leg(state, event.leg_id, bridged=True)


def _place_kept(state: CallState, event: PlaceKept) -> CallState:
    return replace(state, queue=QueuePlace(event.queue, tuple(event.skills), event.priority))


def _party_called(state: CallState, _: PartyCalled) -> CallState:
    return replace(state, party_called=True)


def _voicemail(state: CallState, _: decisions.VoicemailStarted) -> CallState:
    return replace(state, offer=None, voicemail=Voicemail())


def _voicemail_ended(state: CallState, event: VoicemailEnded) -> CallState:
    return replace(state, voicemail=Voicemail(event.reason))


def _callback(state: CallState, event: decisions.CallbackBooked) -> CallState:
    return replace(state, callback=Callback(event.number, to_us(event.at)), offer=None)


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    decisions.EscalationDecided: _escalated,
    decisions.CallQueued: _queued,
    decisions.QueuePosition: _positioned,
    decisions.AgentAlerted: _alerted,
    decisions.AgentAccepted: _accepted,
    decisions.AgentMissed: _missed,
    decisions.AgentConnected: _connected,
    PlaceKept: _place_kept,
    PartyCalled: _party_called,
    decisions.VoicemailStarted: _voicemail,
    VoicemailEnded: _voicemail_ended,
    decisions.CallbackBooked: _callback,
}
