"""What every Ledger promises: the client of a real server, and the twin in memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from ledger_events import FakeClock, heard, new_event
from ledger_server import LedgerServer, ledger_server, utc_now

from cordboard.audit_log.assembly import memory_stores
from cordboard.audit_log.record import StreamKey
from cordboard.call.v1.facts_pb2 import BargedIn, CallOpened, UtteranceHeard
from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import SubscribeResponse
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import Ledger, LedgerClient, MemoryLedger, call_stream

SOURCE = "voice-agent/voice-agent-1/boot"


class ReaderAndVoice(LedgerClient):
    """The worker's client, with the voice agent's for what only that may say."""

    def __init__(self, server: LedgerServer) -> None:
        super().__init__(server.channel("worker"), deadline=20.0)
        self._voice = server.client("voice-agent")

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        return await self._voice.append(events)


@pytest.fixture(params=["memory", "client"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger(clock=clock)
        return
    async with ledger_server(tmp_path, memory_stores(clock), clock) as server:
        yield ReaderAndVoice(server)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc_now())


async def open_call(ledger: Ledger, request_id: str = "r1", digest: bytes = bytes(32), token_id: str = "") -> str:
    opened = await ledger.open_call(
        tenant="acme", request_id=request_id, args_digest=digest, vertical="healthcare", token_id=token_id
    )
    return opened.call_id


def event(call: str, number: int, text: str = "yes") -> NewEvent:
    return new_event(StreamKey("call", call), heard(text), number, SOURCE)


async def read(ledger: Ledger, stream: Stream, after_seq: int = 0, with_phi: bool = False) -> list[Envelope]:
    return [envelope async for envelope in ledger.read(stream, after_seq=after_seq, with_phi=with_phi)]


async def test_a_request_becomes_one_call(ledger: Ledger) -> None:
    first = await ledger.open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v", token_id="t")
    again = await ledger.open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v", token_id="t")
    assert (first.repeated, again.repeated, first.call_id) == (False, True, again.call_id)
    opened = CallOpened.FromString((await read(ledger, call_stream(first.call_id)))[0].event.event.value)
    assert (opened.tenant, opened.token_id) == ("acme", "t")


async def test_a_request_id_with_other_arguments_and_a_spent_token_are_conflicts(ledger: Ledger) -> None:
    await open_call(ledger, token_id="t")
    with pytest.raises(ConflictError) as caught:
        await open_call(ledger, digest=bytes(31) + b"\1")
    assert caught.value.reason == "REQUEST_ID_REUSED"
    with pytest.raises(ConflictError) as caught:
        await open_call(ledger, "r2", token_id="t")
    assert caught.value.reason == "TOKEN_USED"


async def test_appends_and_reads_in_order(ledger: Ledger) -> None:
    call = await open_call(ledger)
    assert await ledger.append([event(call, 1, "one"), event(call, 2, "two")]) == [2, 3]
    shown = await read(ledger, call_stream(call), after_seq=1, with_phi=True)
    assert [UtteranceHeard.FromString(one.event.event.value).text for one in shown] == ["one", "two"]
    assert [(one.seq, one.tenant, one.redacted) for one in shown] == [(2, "acme", False), (3, "acme", False)]


async def test_leaves_phi_out_unless_asked(ledger: Ledger) -> None:
    call = await open_call(ledger)
    await ledger.append([event(call, 1, "my knee")])
    shown = (await read(ledger, call_stream(call)))[-1]
    assert shown.redacted
    assert UtteranceHeard.FromString(shown.event.event.value).turn_id == "t1"
    assert b"knee" not in shown.SerializeToString()


async def test_a_repeat_is_fine_and_other_content_or_a_gap_is_not(ledger: Ledger) -> None:
    call = await open_call(ledger)
    assert await ledger.append([event(call, 1)]) == [2]
    assert await ledger.append([event(call, 1), event(call, 2)]) == [2, 3]
    with pytest.raises(ConflictError) as caught:
        await ledger.append([event(call, 2, "no")])
    assert caught.value.reason == "SOURCE_SEQ_CONFLICT"
    with pytest.raises(ConflictError) as caught:
        await ledger.append([event(call, 4)])
    assert caught.value.reason == "SOURCE_SEQ_GAP"
    assert len(await read(ledger, call_stream(call))) == 3


async def test_refuses_what_is_no_event_and_calls_that_are_not_there(ledger: Ledger) -> None:
    call = await open_call(ledger)
    nothing = event(call, 1)
    nothing.event.Clear()
    with pytest.raises(InvalidError) as invalid:
        await ledger.append([nothing])
    assert invalid.value.reason == "INVALID_EVENT"
    with pytest.raises(NotFoundError) as missing:
        await ledger.append([event("0190a0a0-0000-7000-8000-000000000000", 1)])
    assert missing.value.reason == "STREAM_NOT_FOUND"
    assert await read(ledger, call_stream("0190a0a0-0000-7000-8000-000000000000")) == []


async def test_a_subscription_begins_with_its_place_then_gives_all_once(ledger: Ledger) -> None:
    call = await open_call(ledger)
    await ledger.append([event(call, 1)])
    seen: list[int] = []
    position = 0
    async with asyncio.timeout(30), aclosing(ledger.subscribe(with_phi=True)) as feed:
        async for response in feed:
            seen += [one.seq for one in response.events]
            position = response.position
            if len(seen) == 2:
                await ledger.append([event(call, 2)])
            if len(seen) == 3:
                break
    assert seen == [1, 2, 3]
    await ledger.append([event(call, 3)])
    async with asyncio.timeout(30), aclosing(ledger.subscribe(after_position=position)) as feed:
        async for response in feed:
            if response.events:
                assert [one.seq for one in response.events] == [4]
                break


async def test_a_subscription_from_now_gives_what_comes_of_the_wanted_types_and_stream(ledger: Ledger) -> None:
    call, other = await open_call(ledger), await open_call(ledger, "r2")
    wanted = ledger.subscribe(from_now=True, stream=call_stream(call), types=["cordboard.call.v1.UtteranceHeard"])
    async with asyncio.timeout(30), aclosing(wanted) as feed:
        assert not (await anext(feed)).events
        await ledger.append([event(other, 1), new_event(StreamKey("call", call), BargedIn(), 1, SOURCE)])
        await ledger.append([event(call, 2)])
        async for response in feed:
            if response.events:
                assert [one.event.source_seq for one in response.events] == [2]
                break


async def test_lists_calls_newest_first_in_pages(ledger: Ledger, clock: FakeClock) -> None:
    calls = []
    for number in range(3):
        calls.append(await open_call(ledger, f"r{number}"))
        clock.advance(1)
    page = await ledger.list_streams("call", tenant="acme", page_size=2)
    assert [head.stream.id for head in page.streams] == [calls[2], calls[1]]
    assert page.streams[0].seq == 1
    rest = await ledger.list_streams("call", tenant="acme", page_size=2, page_token=page.next_page_token)
    assert [head.stream.id for head in rest.streams] == [calls[0]]
    assert not rest.next_page_token
    assert not (await ledger.list_streams("call", tenant="zen")).streams


async def test_a_cursor_has_one_holder_at_a_time(ledger: Ledger, clock: FakeClock) -> None:
    held = await ledger.lease_cursor("worker", "worker/worker-1/a")
    await ledger.commit_cursor("worker", held.lease_epoch, 7)
    with pytest.raises(ConflictError) as caught:
        await ledger.lease_cursor("worker", "worker/worker-1/b")
    assert caught.value.reason == "CURSOR_HELD"
    clock.advance(held.lease_seconds)
    taken = await ledger.lease_cursor("worker", "worker/worker-1/b")
    assert (taken.lease_epoch, taken.position) == (held.lease_epoch + 1, 7)
    with pytest.raises(ConflictError) as caught:
        await ledger.commit_cursor("worker", held.lease_epoch, 8)
    assert caught.value.reason == "CURSOR_LOST"


async def test_a_ledger_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    async with ledger_server(tmp_path) as server:
        call = await open_call(server.client("worker"))
    memory = MemoryLedger()
    memory.away = True
    identity = ServiceIdentity.load(tmp_path / "keys", "worker", "worker-1")
    async with open_channel(server.address, identity, "ledger") as channel:
        for one in (LedgerClient(channel), memory):
            with pytest.raises(UnavailableError):
                await one.append([event(call, 1)])


async def test_a_subscription_outlives_the_ledgers_restart(tmp_path: Path) -> None:
    stores = memory_stores(utc_now)
    async with ledger_server(tmp_path, stores) as server:
        call = await open_call(server.client("worker"))
        address = server.address
    identity = ServiceIdentity.load(tmp_path / "keys", "gateway", "gateway-1")
    seen: list[int] = []

    async def take(feed: AsyncGenerator[SubscribeResponse, None], count: int) -> None:
        while len(seen) < count:
            seen.extend(one.seq for one in (await anext(feed)).events)

    async with (
        asyncio.timeout(60),
        open_channel(address, identity, "ledger") as channel,
        aclosing(LedgerClient(channel).subscribe(with_phi=True)) as feed,
    ):
        taking = asyncio.create_task(take(feed, 1))
        async with ledger_server(tmp_path, stores, listen=address):
            await taking
        taking = asyncio.create_task(take(feed, 2))
        async with ledger_server(tmp_path, stores, listen=address) as server:
            await server.client("voice-agent").append([event(call, 1)])
            await taking
    assert seen == [1, 2]
