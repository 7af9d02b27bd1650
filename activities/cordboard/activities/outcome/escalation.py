"""Whether a human was asked for, by whomever: an app, the caller, or the AI agent itself."""

from cordboard.call.v1.call_pb2 import (
    PHASE_QUEUED,
    TALK_OUTCOME_LOW_CONFIDENCE,
    TALK_OUTCOME_RED_LINE,
    TALK_OUTCOME_WANTS_HUMAN,
    TalkOutcome,
)
from cordboard.core.call_state import CallState

CALLER_ASKED = "CALLER_ASKED"

_BY_TALK: dict[TalkOutcome.ValueType, str] = {
    TALK_OUTCOME_WANTS_HUMAN: CALLER_ASKED,
    TALK_OUTCOME_RED_LINE: "RED_LINE",
    TALK_OUTCOME_LOW_CONFIDENCE: "LOW_CONFIDENCE",
}


def escalation_of(state: CallState) -> str:
    """Give the stable reason for which a human was asked for; empty when none was.

    A talk that came after it, in which an AI agent only says that nobody is free, hides no wait in a queue.
    """
    waited = CALLER_ASKED if PHASE_QUEUED in state.phases else ""
    return state.escalation_reason or _BY_TALK.get(state.talk_outcome, waited)
