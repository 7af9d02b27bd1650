"""Consent and recording: no capture without the caller's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    CONSENT_REFUSED,
    CONSENT_UNSPECIFIED,
    RECORDING_STATE_OFF,
    RECORDING_STATE_ON,
    RECORDING_STATE_PAUSED,
    Phase,
)
from cordboard.core import phases, reasons
from cordboard.core.decide.draft import Draft, require, wrong_phase
from cordboard.core.errors import InvalidError, WrongStateError

_RUNNING: Final = (RECORDING_STATE_ON, RECORDING_STATE_PAUSED)


def _ask(draft: Draft, _: commands.AskConsent) -> None:
    if draft.state.consent == CONSENT_UNSPECIFIED:
        draft.add(decisions.ConsentRequested())


def _record(draft: Draft, command: commands.RecordConsent) -> None:
    require(command.means, "means")
    _take(draft, given=command.given, means=command.means)


def _answered(draft: Draft, fact: facts.ConsentAnswered) -> None:
    # A spoken yes after a no is a repeat or came late; only the app may turn a refusal.
    if draft.state.consent != CONSENT_REFUSED:
        _take(draft, given=fact.given, means="spoken")


def _take(draft: Draft, *, given: bool, means: str) -> None:
    if draft.state.consent == (CONSENT_GIVEN if given else CONSENT_REFUSED):
        return
    draft.add(decisions.ConsentRecorded(given=given, means=means))
    if not given and draft.state.recording in _RUNNING:
        draft.add(decisions.RecordingStopped(reason=reasons.REFUSED))


def _change(draft: Draft, command: commands.ChangeRecording) -> None:
    if command.state == RECORDING_STATE_ON:
        _switch_on(draft)
    elif command.state == RECORDING_STATE_PAUSED:
        _pause(draft, command.reason)
    elif command.state == RECORDING_STATE_OFF:
        if draft.state.recording in _RUNNING:
            require(command.reason, "reason")
            draft.add(decisions.RecordingStopped(reason=command.reason))
    else:
        raise InvalidError(reasons.FIELD_INVALID, "state is not ON, PAUSED or OFF", field="state")


def _switch_on(draft: Draft) -> None:
    if draft.state.phase not in phases.ANSWERED:
        raise wrong_phase(draft.state, "recording")
    if draft.state.consent != CONSENT_GIVEN:
        raise WrongStateError(reasons.CONSENT_MISSING, "the caller has not agreed to being recorded")
    if draft.state.recording == RECORDING_STATE_PAUSED:
        draft.add(decisions.RecordingResumed())
    elif draft.state.recording != RECORDING_STATE_ON:
        draft.add(decisions.RecordingStarted())


def _pause(draft: Draft, reason: str) -> None:
    if draft.state.recording == RECORDING_STATE_PAUSED:
        return
    if draft.state.recording != RECORDING_STATE_ON:
        raise WrongStateError(reasons.NOT_RECORDING, "there is no recording to pause")
    require(reason, "reason")
    draft.add(decisions.RecordingPaused(reason=reason))


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.AskConsent: (phases.ANSWERED, _ask),
    commands.RecordConsent: (phases.LIVING, _record),
    commands.ChangeRecording: (phases.LIVING | phases.FINAL, _change),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    facts.ConsentAnswered: _answered,
}
