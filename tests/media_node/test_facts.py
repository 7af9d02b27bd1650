"""Facts on their way to the log, in order and about the right call."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cordboard.call.v1.facts_pb2 import PlayoutStarted
from cordboard.media_node.facts import CallFact, FactLog, ListedFacts, ProducedFacts
from cordboard.runtime.ledger_client import EventProducer, MemoryLedger, call_stream

Recorded = Callable[[], Awaitable[list[tuple[str, int, str, str]]]]


@pytest.fixture(params=["listed", "produced"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[FactLog, str, Recorded]]:
    """A fact log, a call, and a way to read what was recorded: play id, media time, leg, turn."""
    if request.param == "listed":
        listed = ListedFacts()

        async def held() -> list[tuple[str, int, str, str]]:
            return [(play_of(fact), fact.media_us, fact.leg_id, fact.turn_id) for fact in listed.facts]

        yield listed, "call-1", held
        return
    ledger = MemoryLedger()
    opened = await ledger.open_call(tenant="clinic", request_id="r1", args_digest=bytes(32), vertical="")
    call_id = opened.call_id
    async with EventProducer(ledger, "media-node/m1/b1", tmp_path) as producer:

        async def read() -> list[tuple[str, int, str, str]]:
            await producer.flush()
            found = []
            async for envelope in ledger.read(call_stream(call_id)):
                started = PlayoutStarted()
                if envelope.event.event.Unpack(started):
                    event = envelope.event
                    found.append((started.play_id, event.media_us, event.leg_id, event.turn_id))
            return found

        yield ProducedFacts(producer), call_id, read


def play_of(fact: CallFact) -> str:
    assert isinstance(fact.event, PlayoutStarted)
    return fact.event.play_id


async def test_facts_are_recorded_in_order_with_what_they_are_about(log: tuple[FactLog, str, Recorded]) -> None:
    facts, call_id, recorded = log
    for n in range(3):
        facts.record(CallFact(call_id, PlayoutStarted(play_id=f"p{n}", leg_id="ai"), n * 10, "ai", f"t{n}"))
    assert await recorded() == [("p0", 0, "ai", "t0"), ("p1", 10, "ai", "t1"), ("p2", 20, "ai", "t2")]
