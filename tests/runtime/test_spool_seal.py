"""No PHI lies on disk in clear, and none is lost for it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cordboard.call.v1.facts_pb2 import BargedIn, UtteranceHeard
from cordboard.core.errors import UnavailableError, WrongStateError
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client import EventProducer, MemoryLedger, call_stream
from cordboard.runtime.ledger_client.spool_seal import PURPOSE, SpoolSeal

SOURCE = "voice-agent/voice-agent-1/boot"
TEXT = "this is Ann Poe and my knee hurts"


class Keys:
    """Keys of calls that are there, away or destroyed."""

    def __init__(self) -> None:
        self.away = False
        self.destroyed = False
        self.asked: list[tuple[str, str]] = []

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        self.asked.append((call_id, purpose))
        if self.away:
            raise UnavailableError("LEDGER_AWAY", "away")
        if self.destroyed:
            raise WrongStateError("KEY_DESTROYED", "destroyed")
        return call_id.encode()[:16] * 2


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
async def stream(ledger: MemoryLedger) -> Stream:
    opened = await ledger.open_call(tenant="acme", request_id="r1", args_digest=bytes(32), vertical="v")
    return call_stream(opened.call_id)


def said(text: str = TEXT) -> UtteranceHeard:
    return UtteranceHeard(turn_id="t1", leg_id="caller", text=text)


def on_disk(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def texts(ledger: MemoryLedger, stream: Stream) -> list[str]:
    ledger.away = False
    events = [one.event.event async for one in ledger.read(stream, with_phi=True)]
    return [UtteranceHeard.FromString(one.value).text for one in events if one.Is(UtteranceHeard.DESCRIPTOR)]


async def test_what_waits_on_disk_says_nothing_and_is_shipped_by_the_next_process(
    ledger: MemoryLedger, stream: Stream, tmp_path: Path
) -> None:
    keys = Keys()
    ledger.away = True
    first = EventProducer(ledger, SOURCE, tmp_path, keys=keys)
    first.record_nowait(stream, said())
    await until(lambda: stream.id.encode() in on_disk(tmp_path))
    assert b"Ann Poe" not in on_disk(tmp_path)
    await first.close(grace=0)
    assert b"Ann Poe" not in on_disk(tmp_path)
    assert set(keys.asked) == {(stream.id, PURPOSE)}
    ledger.away = False
    async with EventProducer(ledger, f"{SOURCE}2", tmp_path, keys=Keys()):
        await until(lambda: not list(tmp_path.glob("*boot.spool")))
    assert await texts(ledger, stream) == [TEXT]


async def test_what_left_the_memory_comes_back_from_the_sealed_file(
    ledger: MemoryLedger, stream: Stream, tmp_path: Path
) -> None:
    async with EventProducer(ledger, SOURCE, tmp_path, keys=Keys(), memory_limit=4000) as producer:
        ledger.away = True
        for number in range(30):
            producer.record_nowait(stream, said(f"{TEXT} {number}"))
        await until(lambda: producer.report().spilled > 0)
        assert b"Ann Poe" not in on_disk(tmp_path)
        ledger.away = False
        await producer.flush()
    assert await texts(ledger, stream) == [f"{TEXT} {number}" for number in range(30)]


async def test_without_a_key_phi_waits_in_memory_and_the_rest_on_disk(
    ledger: MemoryLedger, stream: Stream, tmp_path: Path
) -> None:
    keys = Keys()
    keys.away = True
    async with EventProducer(ledger, SOURCE, tmp_path, keys=keys) as producer:
        ledger.away = True
        producer.record_nowait(stream, said())
        producer.record_nowait(stream, BargedIn(play_id="p1"))
        await until(lambda: b"p1" in on_disk(tmp_path))
        assert b"UtteranceHeard" not in on_disk(tmp_path)
        keys.away = False
        await until(lambda: on_disk(tmp_path).count(stream.id.encode()) == 2)
        assert b"Ann Poe" not in on_disk(tmp_path)
        ledger.away = False
        await producer.flush()
    assert await texts(ledger, stream) == [TEXT]


async def test_the_first_event_of_a_call_that_was_expected_is_on_disk_when_it_is_taken(
    ledger: MemoryLedger, stream: Stream, tmp_path: Path
) -> None:
    keys = Keys()
    async with EventProducer(ledger, SOURCE, tmp_path, keys=keys) as producer:
        ledger.away = True
        producer.expect(stream)
        await until(lambda: bool(keys.asked))
        await asyncio.sleep(0)
        producer.record_nowait(stream, said())
        assert on_disk(tmp_path).count(stream.id.encode()) == 1
        assert b"Ann Poe" not in on_disk(tmp_path)
        producer.expect(stream)
        assert keys.asked == [(stream.id, PURPOSE)]
        ledger.away = False
        await producer.flush()
    assert await texts(ledger, stream) == [TEXT]


async def test_a_destroyed_key_takes_what_was_spooled_with_it(
    ledger: MemoryLedger, stream: Stream, tmp_path: Path
) -> None:
    ledger.away = True
    first = EventProducer(ledger, SOURCE, tmp_path, keys=Keys())
    first.record_nowait(stream, said())
    await until(lambda: stream.id.encode() in on_disk(tmp_path))
    await first.close(grace=0)
    ledger.away = False
    gone = Keys()
    gone.destroyed = True
    async with EventProducer(ledger, f"{SOURCE}2", tmp_path, keys=gone):
        await until(lambda: bool(list(tmp_path.glob("*.refused"))))
    assert await texts(ledger, stream) == []
    assert b"Ann Poe" not in on_disk(tmp_path)


async def test_a_record_does_not_open_in_anothers_place(stream: Stream) -> None:
    seal = SpoolSeal(Keys())
    event = NewEvent(stream=stream, source=SOURCE, source_seq=1)
    event.event.Pack(said())
    ready = asyncio.Event()
    seal.prepare(event.stream, ready.set)
    await asyncio.wait_for(ready.wait(), 10)
    record = seal.record(event)
    assert record is not None
    assert await seal.open(record) == event
    moved = NewEvent.FromString(record)
    moved.source_seq = 2
    assert await seal.open(moved.SerializeToString()) is None
    seal.close()


async def test_forgets_the_key_of_a_call_that_has_been_silent_for_long() -> None:
    keys = Keys()
    seal = SpoolSeal(keys, keep_seconds=0.05)
    event = NewEvent(stream=call_stream("a" * 16), source=SOURCE, source_seq=1)
    event.event.Pack(said())
    ready = asyncio.Event()
    seal.prepare(event.stream, ready.set)
    await ready.wait()
    assert seal.record(event) is not None
    await until(lambda: seal.record(event) is None)
    ready.clear()
    seal.prepare(event.stream, ready.set)
    await ready.wait()
    assert len(keys.asked) == 2
