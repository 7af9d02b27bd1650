"""Producers: order, numbers, and nothing lost while the ledger or the disk is away."""

import asyncio
import errno
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ledger_server import ledger_server, utc_now

from cordboard.audit_log.assembly import memory_stores
from cordboard.call.v1.facts_pb2 import PlayoutStarted
from cordboard.core.errors import ExhaustedError, InternalError, InvalidError, UnavailableError
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys
from cordboard.runtime.ledger_client import EventProducer, LedgerClient, MemoryLedger, call_stream
from cordboard.runtime.ledger_client.spool import FileSpool

SOURCE = "media-node/media-node-1/boot"


def fact(number: int) -> PlayoutStarted:
    return PlayoutStarted(play_id=f"p{number}")


async def open_call(ledger: MemoryLedger, request_id: str = "r1") -> Stream:
    opened = await ledger.open_call(tenant="acme", request_id=request_id, args_digest=bytes(32), vertical="v")
    return call_stream(opened.call_id)


async def on_log(ledger: MemoryLedger, stream: Stream) -> list[Envelope]:
    ledger.away = False
    return [envelope async for envelope in ledger.read(stream) if envelope.event.source.startswith("media-node")]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_numbers_events_per_stream_and_says_all_that_was_said_about_them(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    one, other = await open_call(ledger), await open_call(ledger, "r2")
    at = datetime(2031, 5, 4, tzinfo=UTC)
    async with EventProducer(ledger, SOURCE, tmp_path, lambda: at, build_id="dev") as producer:
        assert producer.record_nowait(one, fact(1)) == 1
        assert producer.record_nowait(other, fact(1)) == 1
        assert await producer.record(one, fact(2), media_us=5, leg_id="caller", turn_id="t1", actor="caller") == 2
        await producer.flush()
    newest = (await on_log(ledger, one))[-1].event
    assert (newest.source, newest.source_seq, newest.media_us, newest.leg_id) == (SOURCE, 2, 5, "caller")
    assert (newest.turn_id, newest.actor, newest.build_id) == ("t1", "caller", "dev")
    assert newest.occurred_at.ToDatetime(UTC) == at


async def test_waits_for_the_ledger_when_asked_to(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path) as producer:
        ledger.away = True
        waiting = asyncio.create_task(producer.record_durably(stream, fact(1)))
        await until(lambda: producer.report().ledger_away)
        assert not waiting.done()
        ledger.away = False
        assert await waiting == 2


async def test_leaves_no_file_behind_when_all_was_acknowledged(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path) as producer:
        ledger.away = True
        producer.record_nowait(stream, fact(1))
        await until(lambda: any(path.stat().st_size for path in tmp_path.glob("*.spool")))
        ledger.away = False
        await producer.flush()
        await until(lambda: not any(path.stat().st_size for path in tmp_path.glob("*.spool")))
    assert list(tmp_path.iterdir()) == []


async def test_the_next_process_ships_what_was_left(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    first = EventProducer(ledger, SOURCE, tmp_path)
    ledger.away = True
    for number in range(1, 11):
        first.record_nowait(stream, fact(number))
    await first.close(grace=0)
    async with EventProducer(ledger, f"{SOURCE}2", tmp_path) as second:
        second.record_nowait(stream, fact(1))
        ledger.away = False
        await second.flush()
        await until(lambda: not list(tmp_path.glob("*boot.spool")))
    events = await on_log(ledger, stream)
    assert [one.event.source_seq for one in events if one.event.source == SOURCE] == list(range(1, 11))
    assert [one.event.source_seq for one in events if one.event.source == f"{SOURCE}2"] == [1]


async def test_who_waited_is_told_when_the_process_ends_before_the_ledger_is_back(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    producer = EventProducer(ledger, SOURCE, tmp_path)
    ledger.away = True
    waiting = asyncio.create_task(producer.record_durably(stream, fact(1)))
    await until(lambda: producer.report().ledger_away)
    await producer.close(grace=0)
    with pytest.raises(UnavailableError):
        await waiting


async def test_a_refused_event_closes_its_stream_and_no_other(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    one, other = await open_call(ledger), await open_call(ledger, "r2")
    async with EventProducer(ledger, SOURCE, tmp_path) as producer:
        bad = asyncio.create_task(producer.record_durably(one, Stream(kind="not", id="an event")))
        late = asyncio.create_task(producer.record_durably(one, fact(2)))
        assert await producer.record_durably(other, fact(1)) == 2
        for refused in (bad, late):
            with pytest.raises(InvalidError):
                await refused
        assert producer.report().refused == 2
    assert await on_log(ledger, one) == []


def _packed(message: PlayoutStarted) -> Any:
    event = NewEvent()
    event.event.Pack(message)
    return event.event


async def test_numbers_of_calls_long_over_are_forgotten(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    streams = [await open_call(ledger, f"r{number}") for number in range(20)]
    async with EventProducer(ledger, SOURCE, tmp_path, keep_numbers=5) as producer:
        for stream in streams:
            assert [producer.record_nowait(stream, fact(number)) for number in (1, 2)] == [1, 2]
            assert len(producer._numbers) <= 5
        await producer.flush()
        assert producer.report().refused == 0


class PickyLedger(MemoryLedger):
    """A ledger whose database minds one event."""

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        if any(event.event == _packed(fact(13)) for event in events):
            raise InternalError("LEDGER_REFUSED", "refused")
        return await super().append(events)


async def test_an_event_that_the_database_minds_is_set_aside_and_blocks_no_other_stream(tmp_path: Path) -> None:
    ledger = PickyLedger()
    one, other = await open_call(ledger), await open_call(ledger, "r2")
    async with EventProducer(ledger, SOURCE, tmp_path) as producer:
        bad = asyncio.create_task(producer.record_durably(one, fact(13)))
        async with asyncio.timeout(30):
            assert await producer.record_durably(other, fact(1)) == 2
        with pytest.raises(InternalError):
            await bad


class StumblingLedger(MemoryLedger):
    """A ledger whose client fails once in a way that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__()
        self.stumbles = 0

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        if self.stumbles:
            self.stumbles -= 1
            raise RuntimeError("nobody foresaw this")
        return await super().append(events)


async def test_shipping_goes_on_after_what_nobody_foresaw(tmp_path: Path) -> None:
    ledger = StumblingLedger()
    stream = await open_call(ledger)
    ledger.stumbles = 1
    async with EventProducer(ledger, SOURCE, tmp_path) as producer, asyncio.timeout(30):
        assert await producer.record_durably(stream, fact(1)) == 2
    assert ledger.stumbles == 0


async def test_a_leftover_that_fails_stays_for_the_next_process(tmp_path: Path) -> None:
    ledger = StumblingLedger()
    stream = await open_call(ledger)
    ledger.away = True
    first = EventProducer(ledger, SOURCE, tmp_path)
    first.record_nowait(stream, fact(1))
    await first.close(grace=0)
    ledger.stumbles, ledger.away = 1, False
    async with EventProducer(ledger, f"{SOURCE}2", tmp_path) as second:
        await until(lambda: ledger.stumbles == 0)
        await second.record_durably(stream, fact(1))
    assert list(tmp_path.glob("*boot.spool"))
    async with EventProducer(ledger, f"{SOURCE}3", tmp_path):
        await until(lambda: not list(tmp_path.glob("*boot.spool")))
    assert len(await on_log(ledger, stream)) == 2


class FullDisk:
    """A spool on a disk that is full until told otherwise."""

    def __init__(self, path: Path) -> None:
        self.full = True
        self._file = FileSpool(path)

    def append(self, records: Sequence[bytes]) -> list[int]:
        if self.full:
            raise OSError(errno.ENOSPC, "no space")
        return self._file.append(records)

    def sync(self) -> None:
        self._file.sync()

    def read(self, offset: int) -> bytes:
        return self._file.read(offset)

    def clear(self) -> None:
        self._file.clear()

    def close(self, keep: bool) -> None:
        self._file.close(keep)


async def test_a_full_disk_is_reported_and_loses_nothing_while_there_is_memory(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path, open_spool=FullDisk) as producer:
        ledger.away = True
        for number in range(1, 51):
            producer.record_nowait(stream, fact(number))
        await until(lambda: producer.report().disk_failed)
        ledger.away = False
        await producer.flush()
    assert [one.event.source_seq for one in await on_log(ledger, stream)] == list(range(1, 51))


async def test_without_ledger_disk_and_memory_events_are_counted_as_lost_and_leave_no_gap(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path, memory_limit=2000, open_spool=FullDisk) as producer:
        ledger.away = True
        numbers = [producer.record_nowait(stream, fact(number)) for number in range(1, 101)]
        with pytest.raises(ExhaustedError):
            await producer.record_durably(stream, fact(0))
        kept = max(numbers)
        assert 0 < kept < 100
        assert producer.report().lost == 101 - kept
        ledger.away = False
        await producer.flush()
        assert producer.record_nowait(stream, fact(1)) == kept + 1
        await producer.flush()
    assert [one.event.source_seq for one in await on_log(ledger, stream)] == list(range(1, kept + 2))


async def test_what_is_on_disk_leaves_the_memory_and_comes_back_in_order(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path, memory_limit=4000) as producer:
        ledger.away = True
        for number in range(1, 31):
            producer.record_nowait(stream, fact(number))
        await until(lambda: producer.report().spilled > 0)
        for number in range(31, 36):
            producer.record_nowait(stream, fact(number))
        ledger.away = False
        await producer.flush()
        assert producer.report().lost == 0
    assert [one.event.source_seq for one in await on_log(ledger, stream)] == list(range(1, 36))


async def test_a_damaged_spool_is_reported_and_stops_nobody_else(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    one, other = await open_call(ledger), await open_call(ledger, "r2")
    async with EventProducer(ledger, SOURCE, tmp_path, memory_limit=300) as producer:
        ledger.away = True
        producer.record_nowait(one, fact(1))
        await until(lambda: producer.report().ledger_away)
        for number in range(2, 4):
            producer.record_nowait(one, fact(number))
        await until(lambda: producer.report().spilled > 1)
        for path in tmp_path.iterdir():
            path.write_bytes(b"\0" * path.stat().st_size)
        ledger.away = False
        assert await producer.record_durably(other, fact(1)) == 2
        assert producer.report().refused == 2
    assert [envelope.event.source_seq for envelope in await on_log(ledger, one)] == [1]


async def test_a_restart_of_the_ledger_process_loses_and_repeats_nothing(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    stores = memory_stores(utc_now)
    async with ledger_server(tmp_path, stores) as server:
        address = server.address
        opened = await server.client("gateway").open_call(
            tenant="acme", request_id="r", args_digest=bytes(32), vertical="v"
        )
    stream = call_stream(opened.call_id)
    identity = ServiceIdentity.load(tmp_path / "keys", "media-node", "media-node-1")
    async with (
        open_channel(address, identity, "ledger") as channel,
        EventProducer(LedgerClient(channel), SOURCE, tmp_path / "spool") as producer,
    ):
        for restart in range(3):
            async with ledger_server(tmp_path, stores, listen=address):
                for number in range(20):
                    await producer.record(stream, fact(restart * 20 + number))
                    await asyncio.sleep(0)
        async with asyncio.timeout(30), ledger_server(tmp_path, stores, listen=address) as server:
            await producer.flush()
            kept = [one async for one in server.client("worker").read(stream)][1:]
    assert [one.event.source_seq for one in kept] == list(range(1, 61))


async def test_an_event_is_in_the_spool_before_it_was_given_to_anybody(tmp_path: Path) -> None:
    """Who is killed at any moment after that has lost nothing."""
    ledger = MemoryLedger()
    stream = await open_call(ledger)
    async with EventProducer(ledger, SOURCE, tmp_path) as producer:
        ledger.away = True
        for number in range(1, 4):
            producer.record_nowait(stream, fact(number))
            [spool] = tmp_path.glob("*.spool")
            assert spool.read_bytes().count(stream.id.encode()) == number
        ledger.away = False
        await producer.flush()
