"""Derives a call's outcome in wrap-up, and keeps it as a row."""

from typing import Final

from google.protobuf import json_format

from cordboard.activities.outcome.analyst import Analyst
from cordboard.activities.outcome.derivation import Judgement, derive_outcome
from cordboard.activities.outcome.outcome_seal import PURPOSE, seal
from cordboard.activities.outcome.outcome_store import OutcomeRow, OutcomeStore
from cordboard.activities.wrap_up.stage import Place, Workshop
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.call.v1.outcome_pb2 import Outcome
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.core.event_message import unpack
from cordboard.core.fold import fold_envelopes
from cordboard.runtime.ledger_client import call_stream
from cordboard.wrap_up.v1.transcript_pb2 import RedactedTranscript

TRANSCRIPT_MISSING: Final = "TRANSCRIPT_MISSING"
ANALYST_UNUSABLE: Final = "ANALYST_UNUSABLE"
NO_SPEECH: Final = "NO_SPEECH"


class CallOutcome:
    """Derives from the log and the redacted transcript; a repeat keeps one row. See OutcomeDeriver."""

    def __init__(self, workshop: Workshop, store: OutcomeStore, analyst: Analyst, *, region: str) -> None:
        """`region` (ISO 3166) is where local numbers are at home."""
        self._workshop = workshop
        self._store = store
        self._analyst = analyst
        self._region = region

    async def derive(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Derive the outcome, seal what is PHI in it, and keep it."""
        judgement, missing = await self._judge(Place(call.tenant, call.call_id))
        outcome = await self._outcome(call.call_id, judgement, missing)
        # Whose call it was is not for the decisions to say: those of a call that broke down at once may not.
        outcome.call_id, outcome.tenant = call.call_id, call.tenant
        body, sealed = seal(outcome, await self._workshop.keys.subkey(call.call_id, PURPOSE))
        await self._store.put(OutcomeRow(Outcome.FromString(body), sealed))
        return WrapUpStageReport(shortfalls=[facts.Shortfall(reason=reason) for reason in missing])

    async def _outcome(self, call_id: str, judgement: Judgement | None, missing: list[str]) -> Outcome:
        log = self._workshop.ledger.read(call_stream(call_id), with_phi=True)
        envelopes = [envelope async for envelope in log]
        state = fold_envelopes(envelopes)
        if state is None:
            raise NotFoundError("CALL_NOT_FOUND", "the call's log holds no decision", call_id=call_id)
        events = [event for event in map(unpack, envelopes) if event is not None]
        return derive_outcome(state, events, judgement, region=self._region, missing=missing)

    async def _judge(self, place: Place) -> tuple[Judgement | None, list[str]]:
        """Have the words judged; without words, or a usable judgement, there is none."""
        kept = await self._workshop.store.get(place.key(facts.OBJECT_KIND_TRANSCRIPT_REDACTED))
        if kept is None:
            return None, [TRANSCRIPT_MISSING]
        transcript = json_format.Parse(kept, RedactedTranscript(), ignore_unknown_fields=True)
        if not transcript.utterances:
            return None, [NO_SPEECH]
        try:
            analysis = await self._analyst.analyse(transcript)
        except InvalidError:
            return None, [ANALYST_UNUSABLE]
        return Judgement(analysis, self._analyst.name), []
