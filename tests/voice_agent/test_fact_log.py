"""The log of facts, in memory and through the producer to a ledger, under one contract."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import ConsentAnswered
from cordboard.runtime.ledger_client import EventProducer, MemoryLedger, call_stream
from cordboard.voice_agent.fact_log import FactLog, LedgerFactLog, LoggedFact, MemoryFactLog


@dataclass
class Book:
    """A log and a way to read it."""

    log: FactLog
    call_id: str = ""
    memory: MemoryFactLog | None = None
    ledger: MemoryLedger | None = None
    producer: EventProducer | None = None

    async def read(self) -> list[LoggedFact]:
        if self.memory is not None:
            return self.memory.facts
        assert self.producer is not None
        assert self.ledger is not None
        await self.producer.flush()
        facts: list[LoggedFact] = []
        async for envelope in self.ledger.read(call_stream(self.call_id), with_phi=True):
            event: Message = ConsentAnswered()
            if envelope.event.event.Unpack(event):
                new = envelope.event
                facts.append(LoggedFact(event, new.media_us, new.leg_id, new.turn_id))
        return facts


@pytest.fixture(params=["memory", "ledger"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Book]:
    if request.param == "memory":
        memory = MemoryFactLog()
        yield Book(memory, memory=memory)
        return
    ledger = MemoryLedger()
    opened = await ledger.open_call(tenant="lakeside", request_id="r-1", args_digest=bytes(32), vertical="healthcare")
    async with EventProducer(ledger, "voice-agent/voice-agent-1/boot", tmp_path) as producer:
        yield Book(LedgerFactLog(producer, opened.call_id), opened.call_id, ledger=ledger, producer=producer)


async def test_facts_are_logged_in_order_with_their_time_leg_and_turn(book: Book) -> None:
    book.log.record(ConsentAnswered(given=True, turn_id="t1"), media_us=5, leg_id="leg-ai", turn_id="t1")
    book.log.record(ConsentAnswered(given=False, turn_id="t2"), media_us=9, leg_id="leg-ai", turn_id="t2")

    assert await book.read() == [
        LoggedFact(ConsentAnswered(given=True, turn_id="t1"), 5, "leg-ai", "t1"),
        LoggedFact(ConsentAnswered(given=False, turn_id="t2"), 9, "leg-ai", "t2"),
    ]
