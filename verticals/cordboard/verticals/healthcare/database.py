"""The clinic's tables: connections, and migrations that run by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

import asyncpg

from cordboard.core.errors import UnavailableError

SCHEMA = "healthcare"
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
)


class Database:
    """The clinic's schema. It is reached at first use, so that a clinic that is away holds up nobody else."""

    def __init__(self, pool: "asyncpg.Pool") -> None:
        self._pool = pool
        self._migrating = asyncio.Lock()
        self._migrated = False

    async def prepare(self) -> None:
        """Bring the tables up to date. Raises UnavailableError(SYSTEM_OF_RECORD_AWAY)."""
        async with self.transaction():
            pass

    @asynccontextmanager
    async def transaction(self) -> "AsyncIterator[Connection]":
        """Work in one transaction on tables that are up to date.

        Raises UnavailableError(SYSTEM_OF_RECORD_AWAY); the error's text holds no values.
        """
        try:
            async with self._migrating:
                if not self._migrated:
                    await migrate(self._pool)
                    self._migrated = True
            async with self._pool.acquire(timeout=2.0) as connection, connection.transaction():
                yield connection
        except _AWAY:
            raise UnavailableError("SYSTEM_OF_RECORD_AWAY", "the clinic's calendar cannot be reached") from None


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the clinic's schema; nothing is connected yet."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=4,
        command_timeout=4.0,
        timeout=2.0,
        server_settings={"search_path": SCHEMA, "application_name": "cordboard-healthcare"},
    )
    try:
        yield Database(pool)
    finally:
        await pool.close()


async def migrate(pool: "asyncpg.Pool") -> None:
    """Run the migrations that the schema has not seen; several processes may do so at once."""
    async with pool.acquire(timeout=2.0) as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext('cordboard.healthcare.migrations'))")
        await connection.execute(f"create schema if not exists {SCHEMA}")
        await connection.execute("create table if not exists migration (name text primary key)")
        done = {row["name"] for row in await connection.fetch("select name from migration")}
        folder = resources.files("cordboard.verticals.healthcare") / "migrations"
        for script in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if script.name.endswith(".sql") and script.name not in done:
                await connection.execute(script.read_text(encoding="utf-8"))
                await connection.execute("insert into migration values ($1)", script.name)
