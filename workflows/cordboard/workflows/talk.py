"""What a talk with an AI agent gave."""

from dataclasses import dataclass

from cordboard.call.v1.call_pb2 import (
    TALK_OUTCOME_DONE,
    TALK_OUTCOME_FAULT,
    TALK_OUTCOME_LOW_CONFIDENCE,
    TALK_OUTCOME_RED_LINE,
    TALK_OUTCOME_UNSPECIFIED,
    TALK_OUTCOME_WANTS_HUMAN,
    URGENCY_UNSPECIFIED,
    TalkOutcome,
    Urgency,
)
from cordboard.core.call_state import CallState


@dataclass(frozen=True, slots=True)
class TalkResult:
    """How a talk ended, and what a human has to know to take over."""

    outcome: TalkOutcome.ValueType = TALK_OUTCOME_UNSPECIFIED
    urgency: Urgency.ValueType = URGENCY_UNSPECIFIED
    summary: str = ""
    red_line: str = ""
    skills: tuple[str, ...] = ()
    escalated: str = ""
    """Why somebody else asked for a human meanwhile; empty when nobody did."""

    @classmethod
    def of(cls, state: CallState) -> "TalkResult":
        """Read the result of the last talk out of a call's state."""
        talk = state.talk
        if talk is None:
            return cls(escalated=state.escalation_reason)
        return cls(
            outcome=talk.outcome,
            urgency=talk.urgency,
            summary=talk.summary,
            red_line=talk.red_line,
            skills=talk.skills,
            escalated=state.escalation_reason,
        )

    @property
    def done(self) -> bool:
        """All that the profile asks for was done."""
        return self.outcome == TALK_OUTCOME_DONE and not self.escalated

    @property
    def touched_red_line(self) -> bool:
        """A red line of the profile was touched."""
        return self.outcome == TALK_OUTCOME_RED_LINE

    @property
    def wants_human(self) -> bool:
        """The caller, the AI agent or an app asked for a human, or the AI agent could not go on."""
        return bool(self.escalated) or self.outcome in (
            TALK_OUTCOME_WANTS_HUMAN,
            TALK_OUTCOME_RED_LINE,
            TALK_OUTCOME_LOW_CONFIDENCE,
            TALK_OUTCOME_FAULT,
        )
