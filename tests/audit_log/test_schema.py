"""Migrations and partitions."""

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from ledger_events import call_id, draft, opening

from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.migrations import migrate, migrations
from cordboard.audit_log.postgres.partitions import bound, ensure_partitions
from cordboard.audit_log.postgres.schema import keep_partitions, prepare_schema
from cordboard.audit_log.record import StreamKey


async def test_applies_each_migration_once_even_when_processes_start_together(postgres_url: str) -> None:
    connections = [await asyncpg.connect(postgres_url) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(connection) for connection in connections))
    assert sorted(name for names in applied for name in names) == [name for _, name, _ in migrations()]
    assert await migrate(connections[0]) == []
    for connection in connections:
        await connection.close()


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    numbers = [number for number, _, _ in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_makes_the_partitions_around_a_day_and_again_is_fine(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await migrate(connection)
    for _ in range(2):
        await ensure_partitions(connection, date(2031, 5, 4))
    names = await connection.fetch("select relname from pg_class where relname ~ '^event_standard_[0-9]+$' order by 1")
    assert [row["relname"] for row in names][:2] == ["event_standard_20310503", "event_standard_20310504"]
    assert len(names) == 9
    await connection.close()


@pytest.mark.parametrize("hour", [0, 23])
def test_a_day_holds_the_ids_of_its_calls(hour: int) -> None:
    of_day = call_id(0, datetime(2031, 5, 4, hour, tzinfo=UTC))
    assert bound(date(2031, 5, 4)) <= of_day < bound(date(2031, 5, 5))


async def test_puts_a_days_calls_into_its_partition(postgres_url: str) -> None:
    at = datetime(2031, 5, 4, 12, tzinfo=UTC)
    database = Database(postgres_url)
    await prepare_schema(database, lambda: at)
    store = PostgresEventStore(database, lambda: at)
    store.appender.start()
    await store.appender.wait_until_leading()
    call = StreamKey("call", call_id(1, at))
    await store.append([draft(call, 1)], opening=opening(call.id))
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from ledger.event_standard_20310504") == 1
    await store.appender.stop()
    await database.close()


async def test_refuses_to_change_delete_or_empty(postgres_url: str) -> None:
    database = Database(postgres_url)
    await prepare_schema(database, lambda: datetime.now(UTC))
    store = PostgresEventStore(database, lambda: datetime.now(UTC))
    store.appender.start()
    await store.appender.wait_until_leading()
    await store.append([draft(StreamKey("node", "n"), 1)])
    async with database.connection() as connection:
        day = await connection.fetchval("select max(relname) from pg_class where relname ~ '^event_standard_[0-9]+$'")
        truncated = ("event", "event_standard", "event_internal", day, "call_key", "call", "stream")
        for statement in (
            "update ledger.event set actor = 'x'",
            "delete from ledger.event",
            *(f"truncate ledger.{table}" for table in truncated),
        ):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(statement)
    await store.appender.stop()
    await database.close()


async def test_partitions_that_could_not_be_made_are_made_later(postgres_url: str) -> None:
    at = datetime(2031, 5, 4, 12, tzinfo=UTC)
    database = Database(postgres_url)
    await prepare_schema(database, lambda: at)
    failed = asyncio.Event()
    handler = logging.Handler()
    handler.emit = lambda record: failed.set()  # type: ignore[method-assign]
    logging.getLogger("cordboard.audit_log.postgres.schema").addHandler(handler)
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("alter table ledger.event_standard rename to elsewhere")
    keeping = asyncio.create_task(keep_partitions(database, lambda: at + timedelta(days=30), every=0.02))
    await asyncio.wait_for(failed.wait(), 30)
    await connection.execute("alter table ledger.elsewhere rename to event_standard")
    async with asyncio.timeout(30):
        while await connection.fetchval("select to_regclass('ledger.event_standard_20310610')") is None:
            await asyncio.sleep(0.05)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    logging.getLogger("cordboard.audit_log.postgres.schema").removeHandler(handler)
    await connection.close()
    await database.close()
