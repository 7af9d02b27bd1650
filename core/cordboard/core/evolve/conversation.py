"""What consent, recording, profile, talk, slots and tool calls do to a call's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    CONSENT_ASKED,
    CONSENT_GIVEN,
    CONSENT_REFUSED,
    RECORDING_STATE_OFF,
    RECORDING_STATE_ON,
    RECORDING_STATE_PAUSED,
)
from cordboard.core.call_state import PENDING, CallState, Profile, Slots, Talk, ToolCall
from cordboard.core.evolve.legs import with_leg
from cordboard.core.ids import LegId, ToolCallId, TurnId
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT


def pairs(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A map as sorted pairs, so that equal maps are equal values."""
    return tuple(sorted(values.items()))


def _consent_requested(state: CallState, _: decisions.ConsentRequested) -> CallState:
    return replace(state, consent=CONSENT_ASKED)


def _consent_recorded(state: CallState, event: decisions.ConsentRecorded) -> CallState:
    consent = CONSENT_GIVEN if event.given else CONSENT_REFUSED
    return replace(state, consent=consent, consent_means=event.means)


def _recording_on(state: CallState, _: decisions.RecordingStarted | decisions.RecordingResumed) -> CallState:
    return replace(state, recording=RECORDING_STATE_ON)


def _recording_paused(state: CallState, _: decisions.RecordingPaused) -> CallState:
    return replace(state, recording=RECORDING_STATE_PAUSED)


def _recording_stopped(state: CallState, _: decisions.RecordingStopped) -> CallState:
    return replace(state, recording=RECORDING_STATE_OFF)


def _profile_pinned(state: CallState, event: decisions.ProfilePinned) -> CallState:
    return replace(state, profile=Profile(event.name, event.version, event.digest))


def _engine_versions(state: CallState, event: decisions.EngineVersions) -> CallState:
    return replace(state, engines=pairs({**dict(state.engines), **event.versions}))


def _ai_engaged(state: CallState, event: decisions.AiEngaged) -> CallState:
    # The call goes back to the AI agent: human agents who are still there no longer take part.
    for leg in state.legs:
        if leg.role == LEG_ROLE_HUMAN_AGENT and leg.bridged:
            state = with_leg(state, leg.leg_id, bridged=False)
    state = with_leg(state, event.leg_id, bridged=True)
    talk = Talk(leg_id=LegId(event.leg_id), profile=event.profile)
    return replace(state, talk=talk, escalation_reason="", queue=None, offer=None, handed_back=False)


def _ai_released(state: CallState, event: decisions.AiReleased) -> CallState:
    if state.talk is None:
        return state
    state = with_leg(state, state.talk.leg_id, bridged=False)
    assert state.talk is not None
    talk = replace(
        state.talk,
        engaged=False,
        outcome=event.outcome,
        urgency=event.urgency,
        summary=event.summary,
        red_line=event.red_line,
        skills=tuple(event.skills),
    )
    return replace(state, talk=talk)


def _slots_taken(state: CallState, event: decisions.SlotsTaken) -> CallState:
    return replace(state, slots=slots_of(event))


def slots_of(event: decisions.SlotsTaken) -> Slots:
    """The slots that an event carries."""
    return Slots(
        name=event.slots.name,
        callback_number=event.slots.callback_number,
        reason=event.slots.reason,
        urgency=event.slots.urgency,
        extra=pairs(event.slots.extra),
    )


def _tool_intended(state: CallState, event: decisions.ToolCallIntended) -> CallState:
    known = state.tool_call(event.tool_call_id)
    intent = ToolCall(
        tool_call_id=ToolCallId(event.tool_call_id),
        name=event.name,
        turn_id=TurnId(event.turn_id),
        arguments=pairs(event.arguments),
        attempts=known.attempts if known is not None else 0,
    )
    if known is None:
        return replace(state, tool_calls=(*state.tool_calls, intent))
    return _with_tool_call(state, intent)


def _tool_settled(state: CallState, event: decisions.ToolCallSettled) -> CallState:
    known = state.tool_call(event.tool_call_id)
    if known is None:
        return state
    settled = replace(
        known,
        outcome=event.outcome or PENDING,
        attempts=event.attempts,
        reason=event.reason,
        result=pairs(event.result),
    )
    return _with_tool_call(state, settled)


def _with_tool_call(state: CallState, tool_call: ToolCall) -> CallState:
    calls = tuple(tool_call if one.tool_call_id == tool_call.tool_call_id else one for one in state.tool_calls)
    return replace(state, tool_calls=calls)


EFFECTS: Final[Mapping[type[Message], Callable[[CallState, Any], CallState]]] = {
    decisions.ConsentRequested: _consent_requested,
    decisions.ConsentRecorded: _consent_recorded,
    decisions.RecordingStarted: _recording_on,
    decisions.RecordingPaused: _recording_paused,
    decisions.RecordingResumed: _recording_on,
    decisions.RecordingStopped: _recording_stopped,
    decisions.ProfilePinned: _profile_pinned,
    decisions.EngineVersions: _engine_versions,
    decisions.AiEngaged: _ai_engaged,
    decisions.AiReleased: _ai_released,
    decisions.SlotsTaken: _slots_taken,
    decisions.ToolCallIntended: _tool_intended,
    decisions.ToolCallSettled: _tool_settled,
}
