"""A message that the caller leaves: never without a recording that the caller agreed to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    PHASE_AI_ENGAGED,
    PHASE_INTAKE,
    PHASE_QUEUED,
    PHASE_VOICEMAIL,
    RECORDING_STATE_ON,
    Phase,
)
from cordboard.call.v1.commands_pb2 import StartVoicemail
from cordboard.call.v1.voicemail_pb2 import EndVoicemail, SilenceHeard, VoicemailEnded
from cordboard.core import phases, reasons
from cordboard.core.decide.conversation import release_for_human
from cordboard.core.decide.draft import Draft, require
from cordboard.core.decide.transfer import end_transfer
from cordboard.core.errors import WrongStateError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER

TERMINATOR: Final = "#"
"""The key that ends a message."""


def end_voicemail(draft: Draft, reason: str) -> None:
    """End the message; nothing happens when none is being left."""
    voicemail = draft.state.voicemail
    if voicemail is not None and not voicemail.reason:
        draft.add(VoicemailEnded(reason=reason))


def _start(draft: Draft, _: StartVoicemail) -> None:
    if draft.state.phase == PHASE_VOICEMAIL:
        return
    if draft.state.consent != CONSENT_GIVEN:
        raise WrongStateError(reasons.CONSENT_MISSING, "the caller has not agreed to being recorded")
    if draft.state.recording != RECORDING_STATE_ON:
        raise WrongStateError(reasons.NOT_RECORDING, "a message that is not recorded is lost")
    release_for_human(draft)
    end_transfer(draft, reasons.CALL_QUEUED)
    draft.add(decisions.VoicemailStarted())
    draft.route()


def _end(draft: Draft, command: EndVoicemail) -> None:
    require(command.reason, "reason")
    end_voicemail(draft, command.reason)


def _silence(draft: Draft, fact: SilenceHeard) -> None:
    leg = draft.state.leg(fact.leg_id)
    if leg is not None and leg.role == LEG_ROLE_CALLER:
        end_voicemail(draft, reasons.SILENT if fact.spoke else reasons.NOTHING_SAID)


def end_by_key(draft: Draft, digit: str) -> None:
    """End the message when this is the key for it."""
    if digit == TERMINATOR:
        end_voicemail(draft, reasons.TERMINATED)


COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    StartVoicemail: (frozenset({PHASE_INTAKE, PHASE_AI_ENGAGED, PHASE_QUEUED, PHASE_VOICEMAIL}), _start),
    EndVoicemail: (phases.LIVING | phases.FINAL, _end),
}

FACTS: Final[Mapping[type[Message], Callable[[Draft, Any], None]]] = {
    SilenceHeard: _silence,
}
