"""What every event store promises."""

import asyncio

import pytest
from ledger_events import call_id, draft, opening

from cordboard.audit_log.chain import ChainCheck
from cordboard.audit_log.event_store import EventStore, LogFilter
from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import ConflictError, NotFoundError

CALL = StreamKey("call", call_id(1))
OTHER = StreamKey("call", call_id(2))
NODE = StreamKey("node", "media-node-1")


async def open_call(store: EventStore, stream: StreamKey = CALL) -> None:
    await store.append([draft(stream, 1, "opened", "ledger/l/b")], opening=opening(stream.id))


async def test_numbers_a_streams_events_from_one_without_gaps(event_store: EventStore) -> None:
    await open_call(event_store)
    first = await event_store.append([draft(CALL, 1), draft(CALL, 2)])
    second = await event_store.append([draft(CALL, 3)])
    assert first.seqs + second.seqs == [2, 3, 4]
    assert [row.seq for row in await event_store.read(CALL, 0, 100)] == [1, 2, 3, 4]


async def test_reads_in_pages_after_a_seq(event_store: EventStore) -> None:
    await open_call(event_store)
    await event_store.append([draft(CALL, n) for n in range(1, 6)])
    assert [row.seq for row in await event_store.read(CALL, 2, 3)] == [3, 4, 5]
    assert await event_store.read(CALL, 6, 3) == []


async def test_keeps_all_that_a_draft_says_and_chains_it(event_store: EventStore) -> None:
    await open_call(event_store)
    wanted = draft(CALL, 1, "my knee hurts")
    await event_store.append([wanted])
    rows = await event_store.read(CALL, 0, 10)
    row = rows[-1]
    assert (row.type, row.body, row.source, row.source_seq) == (wanted.type, wanted.body, wanted.source, 1)
    assert (row.occurred_at, row.tenant, row.dedupe) == (wanted.occurred_at, "acme", wanted.dedupe)
    assert row.sealed is not None
    assert b"knee" not in row.sealed + row.body
    assert ChainCheck().faults(rows) == []
    head = await event_store.head(CALL)
    assert head is not None
    assert (head.seq, head.hash) == (row.seq, row.hash)


async def test_a_batch_may_span_streams_and_is_kept_whole(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    appended = await event_store.append([draft(CALL, 1), draft(OTHER, 1), draft(NODE, 1)])
    assert appended.seqs == [2, 2, 1]


async def test_a_batch_with_one_bad_event_leaves_nothing_behind(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    with pytest.raises(ConflictError):
        await event_store.append([draft(CALL, 1), draft(OTHER, 2)])
    assert len(await event_store.read(CALL, 0, 10)) == 1
    assert (await event_store.append([draft(CALL, 1)])).seqs == [2]


async def test_a_repeat_with_the_same_content_gets_the_old_seq(event_store: EventStore) -> None:
    await open_call(event_store)
    await event_store.append([draft(CALL, 1, "a"), draft(CALL, 2, "b")])
    again = await event_store.append([draft(CALL, 1, "a"), draft(CALL, 2, "b"), draft(CALL, 3, "c")])
    assert (again.seqs, again.duplicates) == ([2, 3, 4], 2)
    assert len(await event_store.read(CALL, 0, 10)) == 4


async def test_a_repeat_within_one_batch_is_written_once(event_store: EventStore) -> None:
    await open_call(event_store)
    appended = await event_store.append([draft(CALL, 1), draft(CALL, 1)])
    assert (appended.seqs, appended.duplicates) == ([2, 2], 1)


async def test_a_repeat_with_other_content_is_a_conflict(event_store: EventStore) -> None:
    await open_call(event_store)
    await event_store.append([draft(CALL, 1, "a")])
    with pytest.raises(ConflictError) as caught:
        await event_store.append([draft(CALL, 1, "b")])
    assert caught.value.reason == "SOURCE_SEQ_CONFLICT"


async def test_a_number_left_out_is_a_gap(event_store: EventStore) -> None:
    await open_call(event_store)
    with pytest.raises(ConflictError) as caught:
        await event_store.append([draft(CALL, 2)])
    assert caught.value.reason == "SOURCE_SEQ_GAP"
    assert caught.value.fields["expected"] == "1"


async def test_each_source_counts_for_itself_in_each_stream(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    await event_store.append([draft(CALL, 1), draft(OTHER, 1), draft(CALL, 1, source="voice-agent/v/b")])
    assert len(await event_store.read(CALL, 0, 10)) == 3


async def test_a_call_that_was_never_opened_takes_no_events(event_store: EventStore) -> None:
    with pytest.raises(NotFoundError) as caught:
        await event_store.append([draft(CALL, 1)])
    assert caught.value.reason == "STREAM_NOT_FOUND"
    assert await event_store.head(CALL) is None


async def test_other_streams_begin_with_their_first_event(event_store: EventStore) -> None:
    await event_store.append([draft(NODE, 1)])
    await event_store.append([draft(StreamKey("tenant", "acme"), 1), draft(StreamKey("agent", "acme/ann"), 1)])
    heads = [await event_store.head(key) for key in (NODE, StreamKey("tenant", "acme"), StreamKey("agent", "acme/ann"))]
    assert [head.tenant for head in heads if head] == ["", "acme", "acme"]


async def test_follows_the_whole_log_in_order_of_commit(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    await event_store.append([draft(CALL, 1)])
    await event_store.append([draft(OTHER, 1)])
    rows, position = await event_store.follow(0, 100)
    assert [(row.stream_id, row.seq) for row in rows] == [(CALL.id, 1), (OTHER.id, 1), (CALL.id, 2), (OTHER.id, 2)]
    assert [row.position for row in rows] == sorted({row.position for row in rows})
    assert position == rows[-1].position
    assert await event_store.follow(position, 100) == ([], position)


async def test_follows_in_pages_and_by_stream_and_type(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    await event_store.append([draft(CALL, n) for n in range(1, 4)])
    await event_store.append([draft(NODE, 1)])
    page, position = await event_store.follow(0, 2)
    assert len(page) == 2
    rest, _ = await event_store.follow(position, 100)
    assert len(rest) == 4
    of_call, end = await event_store.follow(0, 100, LogFilter(stream=CALL))
    assert [row.seq for row in of_call] == [1, 2, 3, 4]
    assert end == rest[-1].position
    of_type, _ = await event_store.follow(0, 100, LogFilter(types=frozenset({"cordboard.call.v1.CallOpened"})))
    assert [row.stream_kind for row in of_type] == ["node"]


async def test_wakes_who_waits_for_more(event_store: EventStore) -> None:
    await open_call(event_store)
    position = await event_store.wait_beyond(-1)
    waiting = asyncio.create_task(event_store.wait_beyond(position))
    await event_store.append([draft(CALL, 1)])
    newest = await asyncio.wait_for(waiting, 10)
    assert [row.seq for row in (await event_store.follow(position, 10))[0]] == [2]
    assert newest > position


async def test_lists_heads_newest_first_by_tenant(event_store: EventStore) -> None:
    keys = [StreamKey("call", call_id(n)) for n in range(5)]
    for index, key in enumerate(keys):
        tenant = "acme" if index % 2 else "zen"
        await event_store.append([draft(key, 1)], opening=opening(key.id, tenant=tenant))
    everything = await event_store.list_heads("call", "", "", 3)
    assert [head.key for head in everything] == keys[:1:-1]
    rest = await event_store.list_heads("call", "", everything[-1].key.id, 3)
    assert [head.key for head in rest] == keys[1::-1]
    assert [head.key for head in await event_store.list_heads("call", "acme", "", 10)] == [keys[3], keys[1]]


async def test_walks_all_streams_in_order(event_store: EventStore) -> None:
    await open_call(event_store)
    await open_call(event_store, OTHER)
    await event_store.append([draft(NODE, 1)])
    first = await event_store.streams(None, 2)
    assert first == [CALL, OTHER]
    assert await event_store.streams(first[-1], 2) == [NODE]


async def test_many_producers_at_once_lose_nothing_and_keep_their_order(event_store: EventStore) -> None:
    await open_call(event_store)

    async def produce(source: str) -> None:
        for number in range(1, 21):
            await event_store.append([draft(CALL, number, source=source)])

    await asyncio.gather(*(produce(f"media-node/m/{n}") for n in range(8)))
    rows = await event_store.read(CALL, 0, 1000)
    assert [row.seq for row in rows] == list(range(1, 162))
    for n in range(8):
        assert [row.source_seq for row in rows if row.source == f"media-node/m/{n}"] == list(range(1, 21))
    assert ChainCheck().faults(rows) == []
