"""Legs: joining, connecting, hold, supervision, and what a leg's end means for the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_ALERTING,
    SUPERVISION_MODE_BARGE,
    SUPERVISION_MODE_MONITOR,
    SUPERVISION_MODE_WHISPER,
    TALK_OUTCOME_FAULT,
    Phase,
)
from cordboard.core import phases, reasons
from cordboard.core.call_state import Leg
from cordboard.core.decide import transfer
from cordboard.core.decide.draft import Draft, require, require_leg
from cordboard.core.decide.ending import fail, hang_up
from cordboard.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_CALLER,
    LEG_ROLE_HUMAN_AGENT,
    LEG_ROLE_SUPERVISOR,
    LEG_STATE_ALERTING,
    LEG_STATE_CONNECTED,
    LEG_STATE_ENDED,
    LEG_STATE_FAILED,
    LEG_STATE_INITIATED,
    LegState,
)

_RANK: Final[Mapping[LegState.ValueType, int]] = {
    LEG_STATE_INITIATED: 1,
    LEG_STATE_ALERTING: 2,
    LEG_STATE_CONNECTED: 3,
    LEG_STATE_FAILED: 4,
    LEG_STATE_ENDED: 4,
}
"""A leg's connection only ever goes up, so a fact that comes late or twice changes nothing."""

_MODES: Final = (SUPERVISION_MODE_MONITOR, SUPERVISION_MODE_WHISPER, SUPERVISION_MODE_BARGE)


def _add(draft: Draft, command: commands.AddLeg) -> None:
    require(command.leg_id, "leg_id")
    require(command.role, "role")
    require(command.transport, "transport")
    known = draft.state.leg(command.leg_id)
    if known is not None:
        if known.living and (known.role, known.transport, known.party_id) == (
            command.role,
            command.transport,
            command.party_id,
        ):
            return
        raise ConflictError(reasons.LEG_EXISTS, "the id was given to another leg", leg_id=command.leg_id)
    if command.replaces_leg_id:
        _check_replacement(draft, command)
    draft.add(
        decisions.LegAdded(
            leg_id=command.leg_id,
            role=command.role,
            transport=command.transport,
            party_id=command.party_id,
            replaces_leg_id=command.replaces_leg_id,
        )
    )
    draft.route()


def _check_replacement(draft: Draft, command: commands.AddLeg) -> None:
    """Let a leg take the place of one of its own role and party: ears, voice and seat go over to it."""
    replaced = draft.state.leg(command.replaces_leg_id)
    if replaced is None:
        raise NotFoundError(reasons.LEG_NOT_FOUND, "the leg to replace is not there", leg_id=command.replaces_leg_id)
    if replaced.role != command.role:
        raise InvalidError(reasons.WRONG_ROLE, "a leg takes the place of one in its own role", leg_id=command.leg_id)
    if replaced.party_id != command.party_id:
        raise ForbiddenError(reasons.LEG_NOT_YOURS, "a leg takes the place of its own party's", leg_id=command.leg_id)


def _hold(draft: Draft, command: commands.HoldLeg) -> None:
    if not require_leg(draft.state, command.leg_id).held:
        draft.add(decisions.LegHeld(leg_id=command.leg_id))
        draft.route()


def _retrieve(draft: Draft, command: commands.RetrieveLeg) -> None:
    if require_leg(draft.state, command.leg_id).held:
        draft.add(decisions.LegRetrieved(leg_id=command.leg_id))
        draft.route()


def _supervise(draft: Draft, command: commands.SuperviseLeg) -> None:
    leg = require_leg(draft.state, command.leg_id)
    if leg.role != LEG_ROLE_SUPERVISOR:
        raise InvalidError(reasons.WRONG_ROLE, "only a supervisor supervises", leg_id=leg.leg_id)
    if command.mode not in _MODES:
        raise InvalidError(reasons.FIELD_INVALID, "mode is not one of the three", field="mode")
    if leg.supervision != command.mode:
        draft.add(decisions.SupervisionSet(leg_id=command.leg_id, mode=command.mode))
        draft.route()


def _state_changed(draft: Draft, fact: facts.LegStateChanged) -> None:
    leg = draft.state.leg(fact.leg_id)
    if leg is None or fact.placement_epoch not in (0, draft.state.placement_epoch):
        return
    if _RANK.get(fact.state, 0) <= _RANK.get(leg.state, 0):
        return
    if fact.state in (LEG_STATE_ENDED, LEG_STATE_FAILED):
        take_leg_end(draft, leg, fact.state, fact.reason)
    else:
        draft.add(decisions.LegStateTaken(leg_id=leg.leg_id, state=fact.state, reason=fact.reason))


def _port_changed(draft: Draft, fact: facts.VoicePortChanged) -> None:
    leg = draft.state.leg(fact.leg_id)
    if leg is None or not leg.living:
        return
    if fact.attached:
        if not leg.connected:
            draft.add(decisions.LegStateTaken(leg_id=leg.leg_id, state=LEG_STATE_CONNECTED))
    elif fact.reason == reasons.RELEASED and not _is_talking(draft, leg):
        take_leg_end(draft, leg, LEG_STATE_ENDED, fact.reason)
    elif leg.connected:
        # The one way down: the port stays, and another instance of the voice agent may open it again.
        draft.add(decisions.LegStateTaken(leg_id=leg.leg_id, state=LEG_STATE_ALERTING, reason=fact.reason))


def _is_talking(draft: Draft, leg: Leg) -> bool:
    talk = draft.state.talk
    return talk is not None and talk.engaged and talk.leg_id == leg.leg_id


def take_leg_end(draft: Draft, leg: Leg, state: LegState.ValueType, reason: str) -> None:
    """Decide on the end of a living leg, and on what it means for the call."""
    draft.add(decisions.LegStateTaken(leg_id=leg.leg_id, state=state, reason=reason))
    if leg.role == LEG_ROLE_CALLER:
        _caller_gone(draft, state, reason)
    if _is_talking(draft, leg):
        draft.add(decisions.AiReleased(outcome=TALK_OUTCOME_FAULT))
    if leg.role == LEG_ROLE_HUMAN_AGENT and draft.state.phase in phases.OPEN:
        _agent_gone(draft, leg)
    draft.route()


def _caller_gone(draft: Draft, state: LegState.ValueType, reason: str) -> None:
    if draft.state.living_legs(LEG_ROLE_CALLER):
        return
    callers = [leg for leg in draft.state.legs if leg.role == LEG_ROLE_CALLER]
    if not any(leg.was_connected for leg in callers):
        if state == LEG_STATE_FAILED:
            if draft.state.phase in phases.OPEN:
                fail(draft, reason or reasons.LEG_FAILED)
            return
    elif state == LEG_STATE_FAILED or reason in reasons.VANISHED:
        # They may rejoin: `caller_away` holds until a leg replaces the lost one or the workflow hangs up.
        return
    hang_up(draft, reasons.CALLER_VANISHED if reason in reasons.VANISHED else reasons.CALLER_HUNG_UP)


def _agent_gone(draft: Draft, leg: Leg) -> None:
    offer = draft.state.offer
    if offer is not None and draft.state.phase == PHASE_AGENT_ALERTING and leg.party_id == offer.agent_id:
        draft.add(decisions.AgentMissed(agent_id=offer.agent_id, reason=reasons.SESSION_LOST))
        transfer.target_missed(draft, reasons.SESSION_LOST)
    else:
        transfer.agent_gone(draft, leg)


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.AddLeg: (phases.OPEN, _add),
    commands.HoldLeg: (phases.ANSWERED, _hold),
    commands.RetrieveLeg: (phases.ANSWERED, _retrieve),
    commands.SuperviseLeg: (phases.ANSWERED, _supervise),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    facts.LegStateChanged: _state_changed,
    facts.VoicePortChanged: _port_changed,
}
