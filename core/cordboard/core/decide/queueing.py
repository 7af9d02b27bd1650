"""Escalation, queues, human agents and callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_AI_ENGAGED,
    PHASE_CALLBACK_BOOKED,
    PHASE_INTAKE,
    PHASE_QUEUED,
    PHASE_VOICEMAIL,
    Phase,
)
from cordboard.core import phases, reasons
from cordboard.core.call_state import Callback, QueuePlace
from cordboard.core.decide.conversation import release_for_human
from cordboard.core.decide.draft import Draft, require, require_leg
from cordboard.core.decide.transfer import end_transfer, target_connected, target_missed
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.core.timestamps import to_us
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT


def _escalate(draft: Draft, command: commands.Escalate) -> None:
    require(command.reason, "reason")
    # Asking twice, or while a human is on the way, is asking once.
    if not draft.state.escalation_reason and draft.state.phase not in (PHASE_QUEUED, PHASE_AGENT_ALERTING):
        draft.add(decisions.EscalationDecided(reason=command.reason))


def _enqueue(draft: Draft, command: commands.Enqueue) -> None:
    require(command.queue, "queue")
    asked = QueuePlace(command.queue, tuple(command.skills), command.priority)
    waiting = draft.state.queue
    if draft.state.phase == PHASE_QUEUED and waiting is not None and asked == replace(waiting, position=0):
        return
    release_for_human(draft)
    end_transfer(draft, reasons.CALL_QUEUED)
    draft.add(
        decisions.CallQueued(
            queue=command.queue,
            skills=command.skills,
            priority=command.priority,
            hand_over=command.hand_over,
            reason=command.reason,
        )
    )
    draft.route()


def _note_position(draft: Draft, command: commands.NoteQueuePosition) -> None:
    require(command.position, "position")
    waiting = draft.state.queue
    # The note of a call that was taken from its queue meanwhile is late, not wrong.
    if draft.state.phase != PHASE_QUEUED or waiting is None or waiting.position == command.position:
        return
    draft.add(decisions.QueuePosition(position=command.position))


def _alert(draft: Draft, command: commands.AlertAgent) -> None:
    require(command.agent_id, "agent_id")
    require(command.reservation_epoch, "reservation_epoch")
    offer = draft.state.offer
    if draft.state.phase == PHASE_AGENT_ALERTING:
        asked = (command.agent_id, command.reservation_epoch)
        if offer is not None and (offer.agent_id, offer.reservation_epoch) == asked:
            return
        raise WrongStateError(reasons.WRONG_PHASE, "another agent is being rung")
    draft.add(decisions.AgentAlerted(agent_id=command.agent_id, reservation_epoch=command.reservation_epoch))


def _miss(draft: Draft, command: commands.MissAgent) -> None:
    require(command.reason, "reason")
    _missed(draft, command.reason)


def _missed(draft: Draft, reason: str) -> None:
    agent_id = draft.state.offer.agent_id if draft.state.offer is not None else ""
    draft.add(decisions.AgentMissed(agent_id=agent_id, reason=reason))
    target_missed(draft, reason)


def _answered(draft: Draft, fact: facts.AgentAnsweredOffer) -> None:
    offer = draft.state.offer
    if draft.state.phase != PHASE_AGENT_ALERTING or offer is None:
        return
    if (offer.agent_id, offer.reservation_epoch) != (fact.agent_id, fact.reservation_epoch):
        return
    if not fact.accepted:
        _missed(draft, reasons.DECLINED)
    elif not offer.accepted:
        draft.add(decisions.AgentAccepted(agent_id=fact.agent_id, reservation_epoch=fact.reservation_epoch))


def _connect(draft: Draft, command: commands.ConnectAgent) -> None:
    leg = require_leg(draft.state, command.leg_id)
    if leg.role != LEG_ROLE_HUMAN_AGENT:
        raise InvalidError(reasons.WRONG_ROLE, "the leg is not a human agent's", leg_id=leg.leg_id)
    offer = draft.state.offer
    if draft.state.phase == PHASE_AGENT_CONNECTED:
        if offer is not None and offer.leg_id == leg.leg_id:
            return
        raise WrongStateError(reasons.WRONG_PHASE, "another human agent is connected")
    agent_id = offer.agent_id if offer is not None else leg.party_id
    if leg.party_id not in ("", agent_id):
        raise InvalidError(reasons.WRONG_ROLE, "the leg is another agent's", leg_id=leg.leg_id)
    release_for_human(draft)
    draft.add(decisions.AgentConnected(agent_id=agent_id, leg_id=leg.leg_id))
    target_connected(draft)
    draft.route()


def _book(draft: Draft, command: commands.BookCallback) -> None:
    booked = draft.state.callback
    asked = Callback(command.number, to_us(command.at))
    if draft.state.phase == PHASE_CALLBACK_BOOKED and booked == asked:
        return
    end_transfer(draft, reasons.CALL_QUEUED)
    draft.add(decisions.CallbackBooked(number=command.number, at=command.at if command.HasField("at") else None))


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.Escalate: (phases.ANSWERED - {PHASE_AGENT_CONNECTED}, _escalate),
    commands.Enqueue: (phases.ANSWERED - {PHASE_AGENT_ALERTING}, _enqueue),
    commands.NoteQueuePosition: (phases.LIVING | phases.FINAL, _note_position),
    commands.AlertAgent: (frozenset({PHASE_QUEUED, PHASE_AGENT_ALERTING}), _alert),
    commands.MissAgent: (frozenset({PHASE_AGENT_ALERTING}), _miss),
    commands.ConnectAgent: (frozenset({PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED}), _connect),
    commands.BookCallback: (
        frozenset({PHASE_INTAKE, PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_VOICEMAIL, PHASE_CALLBACK_BOOKED}),
        _book,
    ),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    facts.AgentAnsweredOffer: _answered,
}
