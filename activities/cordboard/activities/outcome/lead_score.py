"""How much it pays to follow a call up, as a sum of named reasons."""

from collections.abc import Iterator
from typing import Final

from cordboard.activities.outcome.escalation import escalation_of
from cordboard.activities.outcome.tool_effect import had_effect
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import URGENCY_SOON, URGENCY_URGENT
from cordboard.core.call_state import CallState

HIGHEST: Final = 100

_WANTS = {"book_appointment": 20, "buy": 25, "reschedule": 10, "question": 5, "complaint": -5, "wrong_number": -40}
_MOODS = {pb.MOOD_POSITIVE: 5, pb.MOOD_NEGATIVE: -5}


def lead_score(state: CallState, intent: pb.Intent, mood: pb.Mood.ValueType) -> pb.LeadScore:
    """Add up what speaks for and against following the call up, the weightiest reason first."""
    reasons = sorted(_reasons(state, intent, mood), key=lambda one: (-abs(one.points), one.code))
    total = sum(reason.points for reason in reasons)
    return pb.LeadScore(score=min(max(total, 0), HIGHEST), reasons=reasons)


def _reasons(state: CallState, intent: pb.Intent, mood: pb.Mood.ValueType) -> Iterator[pb.LeadReason]:
    weighed = (
        ("BOOKED", 40, had_effect(state)),
        ("REACHABLE", 15, bool(state.slots.callback_number)),
        ("NAMED", 5, bool(state.slots.name)),
        ("REASON_GIVEN", 10, bool(state.slots.reason)),
        ("URGENT", 15, state.slots.urgency == URGENCY_URGENT),
        ("SOON", 8, state.slots.urgency == URGENCY_SOON),
        ("ASKED_FOR_A_PERSON", 5, bool(escalation_of(state))),
    )
    for code, points, holds in weighed:
        if holds:
            yield pb.LeadReason(code=code, points=points)
    if intent.name in _WANTS:
        yield pb.LeadReason(code=f"WANTS_{intent.name.upper()}", points=_WANTS[intent.name])
    if mood in _MOODS:
        yield pb.LeadReason(code=pb.Mood.Name(mood), points=_MOODS[mood])
