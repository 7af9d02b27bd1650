import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporal import eventually

from cordboard.activities import mailboxes as mailboxes_module
from cordboard.activities.fact_relay import FactRelay
from cordboard.activities.mailboxes import Mailboxes
from cordboard.call.v1.call_workflow_pb2 import FactBatch, NodeLost
from cordboard.call.v1.facts_pb2 import ConversationEnded, PlayoutStarted, SlotsFilled
from cordboard.core.errors import CordboardError, NotFoundError, UnavailableError
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent
from cordboard.runtime.ledger_client import MemoryLedger, call_stream


class MemorySignals:
    """Remembers what calls were told."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, FactBatch]] = []
        self.trouble: dict[str, CordboardError] = {}
        self.tries = 0

    async def take_facts(self, call_id: str, batch: FactBatch) -> None:
        self.tries += 1
        if call_id in self.trouble:
            raise self.trouble[call_id]
        self.batches.append((call_id, batch))

    async def lose_node(self, lost: NodeLost) -> None:
        raise NotImplementedError

    def seqs(self, call_id: str) -> list[int]:
        return [fact.seq for owner, batch in self.batches if owner == call_id for fact in batch.facts]


class Log:
    """A ledger with calls in it."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self._numbers: dict[str, int] = {}

    async def call(self) -> str:
        opened = await self.ledger.open_call(
            tenant="t", request_id=f"r{len(self._numbers)}", args_digest=b"d", vertical="v"
        )
        self._numbers[opened.call_id] = 0
        return opened.call_id

    async def fact(self, call_id: str, fact) -> int:  # type: ignore[no-untyped-def]
        self._numbers[call_id] += 1
        event = NewEvent(
            stream=call_stream(call_id), event=pack(fact), source="v/v/v", source_seq=self._numbers[call_id]
        )
        [seq] = await self.ledger.append([event])
        return seq


@asynccontextmanager
async def relaying(
    log: Log, signals: MemorySignals, owner: str = "worker/w1/b1", linger: float = 0.05
) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(FactRelay(log.ledger, signals, owner, linger=linger).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_facts_reach_their_calls_in_order_and_the_rest_does_not() -> None:
    log, signals = Log(), MemorySignals()
    one, other = await log.call(), await log.call()
    async with relaying(log, signals):
        await log.fact(one, PlayoutStarted(play_id="p"))
        expected = [await log.fact(one, SlotsFilled(turn_id=str(turn))) for turn in range(5)]
        expected.append(await log.fact(one, ConversationEnded()))
        only = await log.fact(other, ConversationEnded())
        await eventually(lambda: signals.seqs(one) == expected and signals.seqs(other) == [only])


async def test_phi_reaches_the_call() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    async with relaying(log, signals):
        await log.fact(call_id, ConversationEnded(summary="chest pain"))
        await eventually(lambda: bool(signals.batches))
    fact = ConversationEnded()
    signals.batches[0][1].facts[0].event.event.Unpack(fact)
    assert fact.summary == "chest pain"


async def test_a_fact_that_is_not_urgent_waits_for_others() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    async with relaying(log, signals, linger=30):
        expected = [await log.fact(call_id, SlotsFilled(turn_id=str(turn))) for turn in range(3)]
        await asyncio.sleep(0.2)
        assert not signals.batches
        expected.append(await log.fact(call_id, ConversationEnded()))
        await eventually(lambda: signals.seqs(call_id) == expected)
    assert len(signals.batches) == 1


async def test_a_fact_that_waited_for_a_relay_that_died_waits_no_more() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    expected = [await log.fact(call_id, SlotsFilled(turn_id="1"))]
    later = lambda: datetime.now(UTC) + timedelta(seconds=31)  # noqa: E731
    relay = asyncio.create_task(FactRelay(log.ledger, signals, "worker/w2/b1", linger=30, clock=later).run())
    await eventually(lambda: signals.seqs(call_id) == expected)
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)


async def test_facts_wait_while_the_calls_cannot_be_reached() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    signals.trouble[call_id] = UnavailableError("TEMPORAL_AWAY", "away")
    async with relaying(log, signals):
        expected = [await log.fact(call_id, ConversationEnded())]
        await eventually(lambda: signals.tries > 2)
        del signals.trouble[call_id]
        await eventually(lambda: signals.seqs(call_id) == expected)


async def test_a_call_that_cannot_be_told_does_not_hold_up_the_others() -> None:
    log, signals = Log(), MemorySignals()
    broken, fine = await log.call(), await log.call()
    signals.trouble[broken] = NotFoundError("KEY_DESTROYED", "the key is gone")
    async with relaying(log, signals):
        await log.fact(broken, ConversationEnded())
        expected = [await log.fact(fine, ConversationEnded())]
        await eventually(lambda: signals.seqs(fine) == expected)


async def test_of_two_relays_one_works_and_the_other_takes_over_without_a_loss() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    async with relaying(log, signals, "worker/w1/b1") as first, relaying(log, signals, "worker/w2/b1"):
        expected = [await log.fact(call_id, ConversationEnded())]
        await eventually(lambda: signals.seqs(call_id) == expected)
        first.cancel()
        expected.append(await log.fact(call_id, ConversationEnded()))
        await eventually(lambda: set(expected) <= set(signals.seqs(call_id)), seconds=10)


async def test_who_takes_over_measures_how_long_facts_had_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    recovered: list[tuple[str, float]] = []
    monkeypatch.setattr(mailboxes_module, "recovered", lambda kind, seconds: recovered.append((kind, seconds)))
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    now = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
    mailboxes = Mailboxes(signals, linger=0.01, clock=lambda: now)
    mailboxes.waited_for_since(now - timedelta(seconds=1))
    for seq, second in ((1, 2), (2, 5)):
        fact = Envelope(event=NewEvent(stream=call_stream(call_id)), seq=seq, position=seq)
        fact.recorded_at.FromDatetime(datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC))
        await mailboxes.post([(fact, True)], seq)
        await eventually(lambda: mailboxes.done_up_to() == fact.position)  # noqa: B023
    assert recovered == [("cursor", 3.0)]
    await mailboxes.close()


async def test_the_cursor_moves_only_over_facts_that_arrived() -> None:
    log, signals = Log(), MemorySignals()
    stuck, fine = await log.call(), await log.call()
    signals.trouble[stuck] = UnavailableError("TEMPORAL_AWAY", "away")
    mailboxes = Mailboxes(signals, linger=0.01)
    waiting = Envelope(event=NewEvent(stream=call_stream(stuck)), seq=1, position=7)
    arriving = Envelope(event=NewEvent(stream=call_stream(fine)), seq=1, position=8)
    await mailboxes.post([(waiting, True), (arriving, True)], 9)
    await eventually(lambda: signals.seqs(fine) == [1])
    assert mailboxes.done_up_to() == 6
    del signals.trouble[stuck]
    await eventually(lambda: mailboxes.done_up_to() == 9)
    await mailboxes.close()


async def test_a_relay_begins_where_the_last_one_ended() -> None:
    log, signals = Log(), MemorySignals()
    call_id = await log.call()
    async with relaying(log, signals):
        await log.fact(call_id, ConversationEnded())
        await eventually(lambda: any(cursor.position > 0 for cursor in log.ledger._cursors.values()))
    again = MemorySignals()
    async with relaying(log, again):
        expected = [await log.fact(call_id, ConversationEnded())]
        await eventually(lambda: again.seqs(call_id) == expected)
