"""The ends of a call: hang-up, completion, fault, cancellation, and a caller who is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import (
    PHASE_WRAPPING_UP,
    RECORDING_STATE_ON,
    RECORDING_STATE_PAUSED,
    TALK_OUTCOME_CALL_ENDED,
    TALK_OUTCOME_CALLER_LEFT,
    TALK_OUTCOME_FAULT,
    Phase,
    TalkOutcome,
)
from cordboard.core import phases, reasons
from cordboard.core.decide.draft import Draft, require
from cordboard.core.decide.gathering import end_gather
from cordboard.core.decide.voicemail import end_voicemail

ENGINE: Final = "engine"


def hang_up(draft: Draft, reason: str) -> None:
    """End the talk as the phase asks for: abandoned when the caller left unserved, otherwise wrap-up."""
    phase = draft.state.phase
    if phase not in phases.OPEN:
        return
    by_caller = reason in reasons.GONE_BY_CALLER
    _close(draft, TALK_OUTCOME_CALLER_LEFT if by_caller else TALK_OUTCOME_CALL_ENDED)
    if by_caller and phase in phases.UNSERVED and draft.state.transfer is None:
        draft.add(decisions.CallAbandoned(reason=reason))
    elif phase in phases.SETTING_UP:
        # Nobody answered, so there is no talk to wrap up: we withdrew.
        draft.add(decisions.CallCancelled(by=ENGINE, reason=reason))
    else:
        draft.add(decisions.WrapUpStarted(reason=reason))


def fail(draft: Draft, reason: str) -> None:
    """End the call by a fault; nothing happens when it is over."""
    if draft.state.phase not in phases.LIVING:
        return
    _close(draft, TALK_OUTCOME_FAULT)
    draft.add(decisions.CallFailed(reason=reason))


def _close(draft: Draft, outcome: TalkOutcome.ValueType) -> None:
    """Close all that is open, so that each end of it is an event of its own."""
    if draft.state.ai_engaged:
        draft.add(decisions.AiReleased(outcome=outcome))
    if draft.state.recording in (RECORDING_STATE_ON, RECORDING_STATE_PAUSED):
        draft.add(decisions.RecordingStopped(reason=reasons.CALL_ENDED))
    end_gather(draft, reasons.CALL_ENDED)
    end_voicemail(draft, reasons.CALL_ENDED)
    _cancel_timers(draft)


def _cancel_timers(draft: Draft) -> None:
    for timer in draft.state.timers:
        draft.add(decisions.TimerCancelled(timer_id=timer.timer_id))


def _hang_up(draft: Draft, command: commands.HangUp) -> None:
    require(command.reason, "reason")
    hang_up(draft, command.reason)


def _complete(draft: Draft, _: commands.CompleteCall) -> None:
    if draft.state.is_over:
        return
    _cancel_timers(draft)
    draft.add(decisions.CallCompleted())


def _fail(draft: Draft, command: commands.FailCall) -> None:
    require(command.reason, "reason")
    fail(draft, command.reason)


def _cancel(draft: Draft, command: commands.CancelCall) -> None:
    require(command.by, "by")
    if draft.state.phase not in phases.OPEN:
        return
    _close(draft, TALK_OUTCOME_CALL_ENDED)
    draft.add(decisions.CallCancelled(by=command.by, reason=command.reason))


# Ending what has ended is fine: two sides may hang up at once.
_ALL = phases.LIVING | phases.FINAL

COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    commands.HangUp: (_ALL, _hang_up),
    commands.CompleteCall: (phases.FINAL | {PHASE_WRAPPING_UP}, _complete),
    commands.FailCall: (_ALL, _fail),
    commands.CancelCall: (_ALL, _cancel),
}
