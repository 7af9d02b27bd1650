"""The talk with an AI agent: profile, engines, slots, tools, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_CONNECTED,
    PHASE_AI_ENGAGED,
    PHASE_CALLBACK_BOOKED,
    PHASE_INTAKE,
    PHASE_QUEUED,
    TALK_OUTCOME_UNSPECIFIED,
    TALK_OUTCOME_WANTS_HUMAN,
    Phase,
)
from cordboard.core import phases, reasons
from cordboard.core.call_state import FAILED, OK, PENDING, UNKNOWN, Profile
from cordboard.core.decide.draft import Draft, require, require_leg
from cordboard.core.decide.transfer import end_transfer
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.core.evolve.conversation import pairs, slots_of
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT


def _pin(draft: Draft, command: commands.PinProfile) -> None:
    require(command.name, "name")
    require(command.version, "version")
    require(command.digest, "digest")
    if draft.state.profile != Profile(command.name, command.version, command.digest):
        draft.add(decisions.ProfilePinned(name=command.name, version=command.version, digest=command.digest))


def _engage(draft: Draft, command: commands.EngageAi) -> None:
    require(command.profile, "profile")
    leg = require_leg(draft.state, command.leg_id)
    if leg.role != LEG_ROLE_AI_AGENT:
        raise InvalidError(reasons.WRONG_ROLE, "the leg is not an AI agent's", leg_id=leg.leg_id)
    talk = draft.state.talk
    if talk is not None and talk.engaged:
        if (talk.leg_id, talk.profile) == (command.leg_id, command.profile):
            return
        raise WrongStateError(reasons.ALREADY_ENGAGED, "an AI agent is talking", leg_id=talk.leg_id)
    end_transfer(draft, reasons.AI_ENGAGED)
    draft.add(decisions.AiEngaged(leg_id=command.leg_id, profile=command.profile))
    draft.route()


def _release(draft: Draft, command: commands.ReleaseAi) -> None:
    if not draft.state.ai_engaged:
        return
    if command.outcome == TALK_OUTCOME_UNSPECIFIED:
        raise InvalidError(reasons.FIELD_MISSING, "outcome is required", field="outcome")
    draft.add(decisions.AiReleased(outcome=command.outcome))
    draft.route()


def release_for_human(draft: Draft) -> None:
    """End the AI agent's talk because someone else takes the caller over; routing follows by the taker's hand."""
    if draft.state.ai_engaged:
        draft.add(decisions.AiReleased(outcome=TALK_OUTCOME_WANTS_HUMAN))


def _ended(draft: Draft, fact: facts.ConversationEnded) -> None:
    talk = draft.state.talk
    if talk is None or not talk.engaged or fact.leg_id not in ("", talk.leg_id):
        return
    draft.add(
        decisions.AiReleased(
            outcome=fact.outcome,
            urgency=fact.urgency,
            summary=fact.summary,
            red_line=fact.red_line,
            skills=fact.skills,
        )
    )
    draft.route()


def _slots_filled(draft: Draft, fact: facts.SlotsFilled) -> None:
    taken = decisions.SlotsTaken(slots=fact.slots)
    if slots_of(taken) != draft.state.slots:
        draft.add(taken)


def _tool_requested(draft: Draft, fact: facts.ToolCallRequested) -> None:
    if not fact.tool_call_id or not draft.state.ai_engaged:
        return
    known = draft.state.tool_call(fact.tool_call_id)
    # Only a failure is tried again: a result is reused, a pending one awaited, an unknown one may have had its effect.
    if known is not None and known.outcome != FAILED:
        return
    draft.add(
        decisions.ToolCallIntended(
            tool_call_id=fact.tool_call_id,
            name=fact.name,
            arguments=fact.arguments,
            turn_id=fact.turn_id,
        )
    )


def _settle_tool(draft: Draft, command: commands.SettleToolCall) -> None:
    if command.outcome not in (OK, FAILED, UNKNOWN):
        raise InvalidError(reasons.FIELD_INVALID, "outcome is not ok, failed or unknown", field="outcome")
    known = draft.state.tool_call(command.tool_call_id)
    if known is None:
        raise NotFoundError(reasons.TOOL_CALL_NOT_FOUND, "nobody intended it", tool_call_id=command.tool_call_id)
    if known.outcome != PENDING:
        return
    draft.add(
        decisions.ToolCallSettled(
            tool_call_id=command.tool_call_id,
            outcome=command.outcome,
            result=command.result,
            # Tries of an earlier intent with the same id count on.
            attempts=known.attempts + max(command.attempts, 1),
            reason=command.reason,
        )
    )


def _engines_reported(draft: Draft, fact: facts.EngineVersionsReported) -> None:
    merged = {**dict(draft.state.engines), **fact.versions}
    if pairs(merged) != draft.state.engines:
        draft.add(decisions.EngineVersions(versions=merged))


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.PinProfile: (phases.OPEN, _pin),
    commands.EngageAi: (
        frozenset({PHASE_INTAKE, PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_AGENT_CONNECTED, PHASE_CALLBACK_BOOKED}),
        _engage,
    ),
    commands.ReleaseAi: (phases.LIVING | phases.FINAL, _release),
    # An effect that was under way when the call ended still has an outcome.
    commands.SettleToolCall: (phases.LIVING | phases.FINAL, _settle_tool),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    facts.ConversationEnded: _ended,
    facts.SlotsFilled: _slots_filled,
    facts.ToolCallRequested: _tool_requested,
    facts.EngineVersionsReported: _engines_reported,
}
