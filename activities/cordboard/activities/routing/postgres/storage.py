"""Routing's tables and its lead in PostgreSQL."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg

from cordboard.activities.postgres.database import Database, Line, OwnLine, away_as_unavailable
from cordboard.activities.postgres.table_schema import TableSchema
from cordboard.activities.routing.notice import Notice
from cordboard.activities.routing.postgres import row_codec
from cordboard.activities.routing.postgres.rows import CHANNEL, PostgresRows
from cordboard.activities.routing.routing_store import Snapshot
from cordboard.activities.routing.tables import HeldLead, Rows, Tables

SCHEMA = TableSchema("routing", "cordboard.activities.routing.postgres", lock=7_215_101)
AWAY = "ROUTING_AWAY"

LEAD_LOCK = 7_215_102
TRY_SECONDS = 0.25
_TENANT_LOCKS = 7_215_103

# The database's clock unless one is given: workers whose clocks differ still agree on what is due.
_BEGIN = "select pg_advisory_xact_lock($2, $3), coalesce($1, clock_timestamp()) as now"
_TRY = "select pg_try_advisory_lock($1)"
_WAITING = "select * from routing.queue_entry where state = 'WAITING'"
_READY = "select * from routing.agent where state = 'READY' and tenant = any($1::text[])"
_DUE = """
select tenant from routing.reservation where state <> 'OVER' and expires_at <= coalesce($1, clock_timestamp())
union
select tenant from routing.agent where state = 'WRAP_UP' and since <= coalesce($1, clock_timestamp()) - $2::interval
"""
_NOTICES = "select * from routing.notice order by number limit $1"
_SETTLE = "delete from routing.notice where number = any($1::bigint[])"
_FORGET = (
    "delete from routing.reservation where state = 'OVER' and made_at < coalesce($1, clock_timestamp()) - $2::interval",
    "delete from routing.queue_entry where state in ('TAKEN', 'OVER')"
    " and enqueued_at < coalesce($1, clock_timestamp()) - $2::interval",
)

Clock = Callable[[], datetime]


class PostgresStorage:
    """Tables and lead in one database; all workers that name it share them."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """Name the database by its DSN; `clock` stands in for the database's own."""
        self._database = Database(url, SCHEMA, AWAY)
        self._clock = clock

    @property
    def tables(self) -> Tables:
        """The tables by the way that all share."""
        return PostgresTables(self._database, self._clock)

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[HeldLead]:
        """Wait for the lead and hold it; it is a lock of one connection, and ends with it."""
        connection = await self._database.connect()
        try:
            with away_as_unavailable(AWAY):
                # Asking again and again holds no snapshot open, as waiting for the lock would.
                while not await connection.fetchval(_TRY, LEAD_LOCK):  # noqa: ASYNC110  # nobody tells when it is free
                    await asyncio.sleep(TRY_SECONDS)
                held = _HeldPostgresLead(connection, self._clock)
                await held.listen()
            yield held
        finally:
            connection.terminate()

    async def close(self) -> None:
        """Close the shared connections."""
        await self._database.close()


class _HeldPostgresLead:
    """The lead's own connection."""

    def __init__(self, connection: asyncpg.Connection, clock: Clock | None) -> None:
        self._connection = connection
        self._tables = PostgresTables(OwnLine(connection, AWAY), clock)
        self._changed = asyncio.Event()

    @property
    def tables(self) -> Tables:
        return self._tables

    def changed(self) -> asyncio.Event:
        return self._changed

    async def listen(self) -> None:
        """Begin to hear of changes."""
        self._connection.add_termination_listener(self._wake)
        await self._connection.add_listener(CHANNEL, self._wake)

    def _wake(self, *_: object) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class PostgresTables:
    """The tables by one way."""

    def __init__(self, line: Line, clock: Clock | None = None) -> None:
        """Reach the tables by a line."""
        self._line = line
        self._clock = clock

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Rows]:
        """Begin a transaction; see Tables.transaction. One lock per tenant makes transactions of a tenant follow one
        another: none of them decides on what another is changing."""
        async with self._line.session() as session, session.transaction():
            begun = await session.fetchrow(_BEGIN, self._now(), _TENANT_LOCKS, _lock_of(tenant))
            assert begun is not None
            yield PostgresRows(session, tenant, begun["now"])

    async def snapshot(self) -> Snapshot:
        """Give who waits and who is ready; see Tables.snapshot."""
        async with self._line.session() as session:
            waiting = [row_codec.to_entry(row) for row in await session.fetch(_WAITING)]
            if not waiting:
                return Snapshot()
            tenants = sorted({entry.wait.tenant for entry in waiting})
            ready = [row_codec.to_agent(row) for row in await session.fetch(_READY, tenants)]
        return Snapshot(waiting, ready)

    async def due_tenants(self, wrap_up: timedelta) -> Sequence[str]:
        """Name the tenants that have something due; see Tables.due_tenants."""
        async with self._line.session() as session:
            return sorted(row["tenant"] for row in await session.fetch(_DUE, self._now(), wrap_up))

    async def notices(self, limit: int) -> Sequence[Notice]:
        """Give the oldest notices in order; see Tables.notices."""
        async with self._line.session() as session:
            return [row_codec.to_notice(row) for row in await session.fetch(_NOTICES, limit)]

    async def settle(self, numbers: Collection[int]) -> None:
        """Delete notices; see Tables.settle."""
        async with self._line.session() as session:
            await session.execute(_SETTLE, list(numbers))

    async def forget(self, age: timedelta) -> None:
        """Delete what has been over for so long; see Tables.forget."""
        async with self._line.session() as session:
            for statement in _FORGET:
                await session.execute(statement, self._now(), age)

    def _now(self) -> datetime | None:
        return self._clock() if self._clock is not None else None


def _lock_of(tenant: str) -> int:
    """Number a tenant's lock. Two tenants that share one only wait for one another."""
    return int.from_bytes(hashlib.sha256(tenant.encode()).digest()[:4], "big", signed=True)
