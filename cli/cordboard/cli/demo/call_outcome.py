"""What came of the demo's call, asked for at the public door."""

from typing import TYPE_CHECKING, Any

from cordboard.call.v1.call_pb2 import Urgency
from cordboard.call.v1.call_service_pb2 import GetOutcomeRequest
from cordboard.call.v1.outcome_pb2 import (
    DISPOSITION_SERVED_BY_AGENT,
    DISPOSITION_SERVED_BY_AI,
    Disposition,
    Mood,
    Outcome,
)
from cordboard.cli.demo.script import Persona
from cordboard.cli.demo.wrap_up import Kept
from cordboard.cli.event_json import short_enum
from cordboard.core.errors import CordboardError
from cordboard.runtime.error_table import translate_errors

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub


async def ask_outcome(calls: "CallServiceAsyncStub", call_id: str, persona: Persona) -> Kept:
    """Ask what came of a call that is wrapped up, and compare it with the script."""
    try:
        async with translate_errors():
            outcome = (await calls.GetOutcome(GetOutcomeRequest(call_id=call_id), timeout=10)).outcome
    except CordboardError as error:
        return Kept(faults=[f"there is no outcome: {error.reason}"])
    return Kept(fields={"outcome": told(outcome)}, faults=faults_of(outcome, persona))


def told(outcome: Outcome) -> dict[str, Any]:
    """Give an outcome as the report has it."""
    return {
        "disposition": short_enum(Disposition.Name(outcome.disposition), "DISPOSITION_"),
        "summary": outcome.redacted_summary,
        "intent": outcome.intent.name,
        "sentiment": {
            "mood": short_enum(Mood.Name(outcome.sentiment.mood), "MOOD_"),
            "score": round(outcome.sentiment.score, 2),
            "turns": len(outcome.sentiment.turns),
        },
        "lead": {
            "score": outcome.lead.score,
            "reasons": {reason.code: reason.points for reason in outcome.lead.reasons},
        },
        "escalated": outcome.escalated,
        "urgency": short_enum(Urgency.Name(outcome.urgency), "URGENCY_"),
        "slots": {slot.name: slot.value for slot in outcome.slots},
        "mos": {leg.leg_id: round(leg.mos, 2) for leg in outcome.quality},
        "latency_ms": {one.stage: one.p50.ToMilliseconds() for one in outcome.latency},
        "tools": {"intended": outcome.tools.intended, "succeeded": outcome.tools.succeeded},
        "follow_up": outcome.follow_up.reason,
    }


def faults_of(outcome: Outcome, persona: Persona) -> list[str]:
    """Say what came of the call otherwise than the script has it."""
    found = []
    wanted = DISPOSITION_SERVED_BY_AGENT if persona.wants_human else DISPOSITION_SERVED_BY_AI
    if outcome.disposition != wanted:
        found.append(f"the call's disposition is {Disposition.Name(outcome.disposition)}")
    if outcome.escalated != persona.wants_human:
        found.append("the outcome is wrong about who asked for a human")
    if persona.consents and not outcome.sentiment.turns:
        found.append("the outcome judges no turn of the caller's")
    if any(part.lower() in outcome.redacted_summary.lower() for part in persona.name.split()):
        found.append("the summary without identifiers holds the caller's name")
    return found
