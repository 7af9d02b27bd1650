from datetime import UTC, datetime

import pytest
from temporal import CountingAppender

from cordboard.activities.decision_log import DecisionLog
from cordboard.call.v1.decisions_pb2 import CallAnswered, CallOffered, CallQueued
from cordboard.core.errors import ConflictError, UnavailableError
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import MemoryLedger, call_stream


@pytest.fixture
async def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def log(ledger: MemoryLedger) -> DecisionLog:
    return DecisionLog(CountingAppender(ledger), ledger)


@pytest.fixture
async def call_id(ledger: MemoryLedger) -> str:
    return (await ledger.open_call(tenant="t", request_id="r", args_digest=b"d", vertical="v")).call_id


def decision(call_id: str, number: int, event, at: int) -> NewEvent:  # type: ignore[no-untyped-def]
    made = NewEvent(stream=call_stream(call_id), event=pack(event), source=f"workflow/{call_id}", source_seq=number)
    made.occurred_at.FromDatetime(datetime.fromtimestamp(at, UTC))
    return made


async def test_fresh_decisions_are_taken_as_they_are_given(log: DecisionLog, call_id: str) -> None:
    given = [decision(call_id, 1, CallOffered(call_id=call_id), 1), decision(call_id, 2, CallAnswered(), 1)]
    assert await log.append(given) == given


async def test_a_repeat_gives_the_time_that_is_on_the_log(log: DecisionLog, call_id: str) -> None:
    first = [decision(call_id, 1, CallAnswered(), 1)]
    await log.append(first)
    assert await log.append([decision(call_id, 1, CallAnswered(), 2)]) == first


async def test_what_is_on_the_log_under_a_number_holds(log: DecisionLog, call_id: str) -> None:
    logged = [decision(call_id, number, event, 1) for number, event in ((1, CallAnswered()), (2, CallQueued()))]
    await log.append(logged)
    assert await log.append([decision(call_id, 1, CallQueued(queue="q"), 2)]) == logged
    assert await log.append([decision(call_id, 2, CallAnswered(), 2)]) == logged[1:]


async def test_a_ledger_that_is_away_is_told_as_such(log: DecisionLog, ledger: MemoryLedger, call_id: str) -> None:
    ledger.away = True
    with pytest.raises(UnavailableError):
        await log.append([decision(call_id, 1, CallAnswered(), 1)])


async def test_a_gap_is_refused(log: DecisionLog, call_id: str) -> None:
    with pytest.raises(ConflictError) as raised:
        await log.append([decision(call_id, 2, CallAnswered(), 1)])
    assert raised.value.reason == "SOURCE_SEQ_GAP"
