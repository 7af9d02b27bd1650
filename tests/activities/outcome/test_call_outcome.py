"""The stage of wrap-up that derives an outcome out of the log and the published transcript."""

from collections.abc import Sequence

import pytest
from call_log import CALL, booked_call
from google.protobuf import json_format
from outcome_calls import talk_of

from cordboard.activities.outcome.analyst import Analysis, Analyst
from cordboard.activities.outcome.call_outcome import CallOutcome
from cordboard.activities.outcome.local_analyst import LocalAnalyst
from cordboard.activities.outcome.memory_outcome_store import MemoryOutcomeStore
from cordboard.activities.outcome.outcome_seal import unseal
from cordboard.activities.wrap_up.record_store import MemoryRecordStore
from cordboard.activities.wrap_up.stage import Place, Workshop
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.decisions_pb2 import CallFailed, CallOffered
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_TRANSCRIPT_REDACTED
from cordboard.core.errors import InvalidError, NotFoundError, UnavailableError
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import MemoryLedger, call_stream
from cordboard.wrap_up.v1.transcript_pb2 import SPEAKER_AI_AGENT, SPEAKER_CALLER, RedactedTranscript

TENANT = "demo"
WORDS = talk_of(
    (SPEAKER_AI_AGENT, "What is your name?"),
    (SPEAKER_CALLER, "[NAME-1], I need an appointment, I have a bad rash."),
    (SPEAKER_CALLER, "Thank you, that is great."),
)


class Keys:
    """One subkey for everything."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        return bytes(32)


class Silent:
    """An analyst that fails."""

    name = "silent 0"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def analyse(self, transcript: RedactedTranscript) -> Analysis:
        raise self._error


class Desk:
    """The stage over a ledger, a store and rows in memory."""

    def __init__(self, analyst: Analyst) -> None:
        self.ledger, self.records, self.rows = MemoryLedger(), MemoryRecordStore(), MemoryOutcomeStore()
        self.call_id = ""
        self.stage = CallOutcome(Workshop(self.ledger, Keys(), self.records), self.rows, analyst, region="US")

    async def log_call(self) -> None:
        """Put the booked call on the log, under the id that it gets there."""
        opened = await self.ledger.open_call(tenant=TENANT, request_id=CALL, args_digest=b"1", vertical="healthcare")
        self.call_id = opened.call_id
        await self.ledger.append([self._own(envelope.event) for envelope in booked_call()])

    def _own(self, event: NewEvent) -> NewEvent:
        own = NewEvent()
        own.CopyFrom(event)
        own.stream.CopyFrom(call_stream(self.call_id))
        own.source = own.source.replace(CALL, self.call_id)
        offered = CallOffered()
        if own.event.Unpack(offered):
            offered.call_id = self.call_id
            own.event.Pack(offered)
        return own

    async def publish(self, transcript: RedactedTranscript) -> None:
        key = Place(TENANT, self.call_id).key(OBJECT_KIND_TRANSCRIPT_REDACTED)
        text = json_format.MessageToJson(transcript, preserving_proto_field_name=True)
        await self.records.put_once(key, text.encode(), "application/json")

    async def derive(self) -> tuple[pb.Outcome, Sequence[str]]:
        report = await self.stage.derive(WrapUpStageInput(call_id=self.call_id, tenant=TENANT))
        row = await self.rows.get(self.call_id, TENANT)
        assert row is not None
        unseal(row.outcome, row.sealed, bytes(32))
        return row.outcome, [shortfall.reason for shortfall in report.shortfalls]


@pytest.fixture
async def desk() -> Desk:
    made = Desk(LocalAnalyst())
    await made.log_call()
    return made


async def test_a_served_call_has_its_whole_outcome(desk: Desk) -> None:
    await desk.publish(WORDS)
    outcome, missing = await desk.derive()
    assert missing == []
    assert outcome.disposition == pb.DISPOSITION_SERVED_BY_AI
    assert outcome.intent.name == "book_appointment"
    assert [turn.utterance for turn in outcome.sentiment.turns] == [1, 2]
    assert {slot.name: slot.value for slot in outcome.slots}["name"] == "Ann Poe"
    assert [one.stage for one in outcome.latency] == ["speech_end_to_reply", "asr"]
    assert outcome.analyst.startswith("vaderSentiment")


async def test_a_repeat_keeps_one_row_and_the_same_outcome(desk: Desk) -> None:
    await desk.publish(WORDS)
    first, _ = await desk.derive()
    again, _ = await desk.derive()
    assert first == again


async def test_a_call_without_a_transcript_has_what_its_log_tells(desk: Desk) -> None:
    outcome, missing = await desk.derive()
    assert missing == list(outcome.missing) == ["TRANSCRIPT_MISSING"]
    assert outcome.disposition == pb.DISPOSITION_SERVED_BY_AI
    assert not outcome.intent.name


async def test_a_call_in_which_nobody_spoke_is_not_judged(desk: Desk) -> None:
    await desk.publish(talk_of())
    _, missing = await desk.derive()
    assert missing == ["NO_SPEECH"]


async def test_an_unusable_judgement_is_named_and_an_absent_analyst_is_waited_for() -> None:
    refused = Desk(Silent(InvalidError("ANALYST_UNUSABLE", "no")))
    await refused.log_call()
    await refused.publish(WORDS)
    assert (await refused.derive())[1] == ["ANALYST_UNUSABLE"]
    away = Desk(Silent(UnavailableError("ANALYST_AWAY", "away")))
    await away.log_call()
    await away.publish(WORDS)
    with pytest.raises(UnavailableError):
        await away.derive()
    assert await away.rows.get(away.call_id, TENANT) is None


async def test_a_call_that_broke_down_at_once_has_an_outcome_under_its_id() -> None:
    broken = Desk(LocalAnalyst())
    opened = await broken.ledger.open_call(tenant=TENANT, request_id=CALL, args_digest=b"1", vertical="healthcare")
    broken.call_id = opened.call_id
    failed = NewEvent(
        stream=call_stream(opened.call_id), source=f"workflow/{opened.call_id}", source_seq=1, actor="engine"
    )
    failed.event.Pack(CallFailed(reason="NO_NODE"))
    failed.occurred_at.FromSeconds(1)
    await broken.ledger.append([failed])
    outcome, _ = await broken.derive()
    assert (outcome.call_id, outcome.tenant, outcome.end_reason) == (opened.call_id, TENANT, "NO_NODE")
    assert outcome.follow_up.reason == "CALL_FAILED"


async def test_a_call_that_is_not_on_the_log_has_no_outcome() -> None:
    with pytest.raises(NotFoundError):
        await Desk(LocalAnalyst()).stage.derive(WrapUpStageInput(call_id=CALL, tenant=TENANT))
