"""The one writer: leases, restarts of PostgreSQL, groups."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from ledger_events import call_id, draft, opening
from postgres import PostgresServer
from postgres_ledger import PostgresLedger, utc_now

from cordboard.audit_log.chain import ChainCheck
from cordboard.audit_log.event_store import Appended
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import prepare_schema
from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import InternalError, UnavailableError

CALL = StreamKey("call", call_id(1))


@pytest.fixture
async def breakable() -> AsyncIterator[tuple[PostgresServer, PostgresEventStore]]:
    """A server of the test's own, and a store that leads on it."""
    server = await asyncio.to_thread(PostgresServer)
    database = Database(server.url())
    try:
        await prepare_schema(database, utc_now)
        store = PostgresEventStore(database, utc_now)
        store.appender.start()
        await store.appender.wait_until_leading()
        yield server, store
        await store.appender.stop()
        await database.close()
    finally:
        await asyncio.to_thread(server.close)


async def until_taken(store: PostgresEventStore, number: int) -> Appended:
    """Append as producers do: again and again while the ledger is away."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await store.append([draft(CALL, number)])
            except UnavailableError:
                await asyncio.sleep(0.05)


async def test_goes_on_after_postgres_was_killed_and_loses_nothing(
    breakable: tuple[PostgresServer, PostgresEventStore],
) -> None:
    server, store = breakable
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))

    async def produce() -> list[int]:
        return [seq for number in range(1, 61) for seq in (await until_taken(store, number)).seqs]

    producing = asyncio.create_task(produce())
    while (await store.wait_beyond(-1)) < 10:
        await store.wait_beyond(await store.wait_beyond(-1))
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    assert await producing == list(range(2, 62))
    rows = await store.read(CALL, 0, 1000)
    assert [row.source_seq for row in rows[1:]] == list(range(1, 61))
    assert ChainCheck().faults(rows) == []
    followed, _ = await store.follow(0, 1000)
    assert followed == rows


async def test_says_that_it_is_away_while_postgres_is_stopped(
    breakable: tuple[PostgresServer, PostgresEventStore],
) -> None:
    server, store = breakable
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    await asyncio.to_thread(server.stop)
    with pytest.raises(UnavailableError) as caught:
        await store.append([draft(CALL, 1)])
    assert caught.value.reason == "LEDGER_AWAY"
    with pytest.raises(UnavailableError):
        await store.read(CALL, 0, 10)
    await asyncio.to_thread(server.start)
    assert (await until_taken(store, 1)).seqs == [2]


async def test_a_second_appender_waits_and_takes_over(postgres_ledger: PostgresLedger) -> None:
    first = postgres_ledger.store
    await first.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    second = PostgresEventStore(postgres_ledger.database, utc_now)
    second.appender.start()
    with pytest.raises(UnavailableError):
        await second.append([draft(CALL, 1)])
    await first.append([draft(CALL, 1)])
    await first.appender.stop()
    await asyncio.wait_for(second.appender.wait_until_leading(), 10)
    repeated = await second.append([draft(CALL, 1), draft(CALL, 2)])
    assert (repeated.seqs, repeated.duplicates) == ([2, 3], 1)
    assert [row.seq for row in (await second.follow(0, 10))[0]] == [1, 2, 3]
    await second.appender.stop()


async def test_an_appender_whose_epoch_has_passed_writes_nothing(postgres_ledger: PostgresLedger) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    connection = await asyncpg.connect(postgres_ledger.url)
    await connection.execute("update ledger.shard set epoch = epoch + 1")
    with pytest.raises(UnavailableError):
        await store.append([draft(CALL, 1)])
    assert await connection.fetchval("select count(*) from ledger.event") == 1
    await connection.close()
    assert (await until_taken(store, 1)).seqs == [2]


async def test_writes_what_came_together_in_one_transaction(postgres_ledger: PostgresLedger) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    await asyncio.gather(*(store.append([draft(CALL, 1, source=f"media-node/m/{n}")]) for n in range(100)))
    connection = await asyncpg.connect(postgres_ledger.url)
    transactions = await connection.fetchval("select count(distinct xmin::text) from ledger.event")
    await connection.close()
    assert transactions < 20


async def test_a_batch_that_the_database_refuses_does_not_stop_the_writer(postgres_ledger: PostgresLedger) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    taken = opening(call_id(9), request_id=f"request-{CALL.id}")
    with pytest.raises(Exception, match="LEDGER_REFUSED"):
        await store.append([draft(StreamKey("call", taken.call_id), 1)], opening=taken)
    assert (await until_taken(store, 1)).seqs == [2]
    assert await store.head(StreamKey("call", taken.call_id)) is None


async def test_a_stopped_appender_leaves_nobody_waiting(postgres_ledger: PostgresLedger) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    waiting = [asyncio.create_task(store.append([draft(CALL, 1, source=f"media-node/m/{n}")])) for n in range(50)]
    await asyncio.sleep(0)
    await store.appender.stop()
    outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
    assert all(isinstance(outcome, Appended | UnavailableError) for outcome in outcomes)


async def test_of_a_batch_only_the_append_that_the_database_minds_is_refused(postgres_ledger: PostgresLedger) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    taken = opening(call_id(9), request_id=f"request-{CALL.id}")
    outcomes = await asyncio.gather(
        store.append([draft(CALL, 1, source="media-node/m/1")]),
        store.append([draft(StreamKey("call", taken.call_id), 1)], opening=taken),
        store.append([draft(CALL, 1, source="media-node/m/2")]),
        return_exceptions=True,
    )
    before, guilty, after = outcomes
    assert isinstance(guilty, InternalError)
    assert guilty.reason == "LEDGER_REFUSED"
    assert isinstance(before, Appended)
    assert isinstance(after, Appended)
    assert sorted([*before.seqs, *after.seqs]) == [2, 3]
    assert ChainCheck().faults(await store.read(CALL, 0, 10)) == []


@pytest.mark.parametrize("sqlstate", ["53100", "53200", "40P01", "40001", "25006", "58030", "55P03", "23514", "XX001"])
async def test_a_database_that_cannot_write_for_now_refuses_nobody(
    postgres_ledger: PostgresLedger, sqlstate: str
) -> None:
    store = postgres_ledger.store
    await store.append([draft(CALL, 1, source="ledger/l/b")], opening=opening(CALL.id))
    connection = await asyncpg.connect(postgres_ledger.url)
    await connection.execute(
        "create function ledger.fail() returns trigger language plpgsql as "
        f"$$ begin raise exception 'no' using errcode = '{sqlstate}'; end $$;"
        "create trigger fail before insert on ledger.event for each statement execute function ledger.fail()"
    )
    outcomes = await asyncio.gather(
        *(store.append([draft(CALL, 1, source=f"media-node/m/{n}")]) for n in range(3)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {UnavailableError}
    await connection.execute("drop trigger fail on ledger.event")
    await connection.close()
    assert (await until_taken(store, 1)).seqs == [2]
