"""Derives a call's outcome from its log and its words: values in, values out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.message import Message

from cordboard.activities.outcome.analyst import Analysis
from cordboard.activities.outcome.call_figures import leg_quality, stage_latency
from cordboard.activities.outcome.disposition import disposition_of
from cordboard.activities.outcome.escalation import escalation_of
from cordboard.activities.outcome.follow_up import follow_up_of, is_urgent
from cordboard.activities.outcome.lead_score import lead_score
from cordboard.activities.outcome.slot_forms import normalized
from cordboard.activities.outcome.summary import summary_of
from cordboard.activities.outcome.tool_effect import tool_success
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.call_pb2 import URGENCY_URGENT, Urgency
from cordboard.call.v1.facts_pb2 import QualityMeasured, TurnMeasured
from cordboard.core.call_state import CallState
from cordboard.core.timestamps import from_us

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of the words."""

    analysis: Analysis
    analyst: str
    """Name and version of what made it."""


def derive_outcome(
    state: CallState,
    facts: Sequence[Message],
    judgement: Judgement | None,
    *,
    region: str,
    missing: Iterable[str] = (),
) -> pb.Outcome:
    """Put together the outcome of a call that is over.

    Without a judgement there is neither intent nor sentiment; `missing` names what else could not be had.
    """
    disposition = disposition_of(state)
    intent = judgement.analysis.intent if judgement is not None else pb.Intent()
    sentiment = judgement.analysis.sentiment if judgement is not None else pb.Sentiment()
    written = judgement.analysis.summary if judgement is not None else ""
    at = datetime.fromtimestamp(state.offered_at_us / _MICROSECONDS, tz=UTC)
    return pb.Outcome(
        call_id=state.call_id,
        tenant=state.tenant,
        vertical=state.vertical,
        direction=state.direction,
        disposition=disposition,
        end_reason=state.end_reason,
        summary=summary_of(state, disposition, phi=True),
        redacted_summary=written or summary_of(state, disposition, phi=False),
        intent=intent,
        sentiment=sentiment,
        lead=lead_score(state, intent, sentiment.mood),
        escalated=bool(escalation_of(state)),
        escalation_reason=escalation_of(state),
        urgency=urgency_of(state),
        slots=normalized(state.slots, region=region, at=at),
        quality=leg_quality([one for one in facts if isinstance(one, QualityMeasured)], state),
        latency=stage_latency([one for one in facts if isinstance(one, TurnMeasured)]),
        tools=tool_success(state.tool_calls),
        follow_up=follow_up_of(state, disposition, urgent=is_urgent(state)),
        offered_at=from_us(state.offered_at_us),
        ended_at=from_us(state.ended_at_us),
        analyst=judgement.analyst if judgement is not None else "",
        missing=list(missing),
    )


def urgency_of(state: CallState) -> Urgency.ValueType:
    """Give the urgency that the caller named, or the one that the talk had where it was higher."""
    if is_urgent(state):
        return URGENCY_URGENT
    return state.slots.urgency or (state.talk.urgency if state.talk is not None else state.slots.urgency)
