"""Ways to PostgreSQL: shared by a pool, or one connection of one's own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import asyncpg

from cordboard.activities.postgres.session import Session
from cordboard.activities.postgres.table_schema import TableSchema
from cordboard.core.errors import UnavailableError

POOL_SIZE = 6
CONNECT_SECONDS = 3.0
COMMAND_SECONDS = 5.0

_SERVER = {
    # A leader whose host has vanished is given up by the server in about ten seconds, not in two hours.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    # A connection that got the server's last words before it broke.
    asyncpg.InternalClientError,
)


@contextlib.contextmanager
def away_as_unavailable(reason: str) -> Iterator[None]:
    """Turn the loss of the server inside the block into UnavailableError(`reason`)."""
    try:
        yield
    except _AWAY as error:
        raise UnavailableError(reason, "the tables cannot be reached") from error


class Line(Protocol):
    """A way to the database."""

    def session(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """Lend a connection for one piece of work. Raises UnavailableError."""
        ...


class Database:
    """A schema in the database that all processes share. Nothing is connected before it is needed; the first one
    brings the schema up to date."""

    def __init__(self, url: str, schema: TableSchema, away: str) -> None:
        """Name the database by its DSN; `away` is the reason of the UnavailableError while it cannot be reached."""
        self._url = url
        self._schema = schema
        self._away = away
        self._server = {"application_name": f"cordboard-{schema.name}", **_SERVER}
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Lend a connection of the pool; see Line.session."""
        with away_as_unavailable(self._away):
            pool = self._pool or await self._open()
            async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

    async def connect(self) -> asyncpg.Connection:
        """Open a connection of the caller's own. Raises UnavailableError."""
        with away_as_unavailable(self._away):
            await self._open()
            return await asyncpg.connect(
                self._url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS, server_settings=self._server
            )

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=POOL_SIZE,
                    timeout=CONNECT_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    server_settings=self._server,
                )
                try:
                    async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                        await self._schema.migrate(connection)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
            return self._pool


class OwnLine:
    """One connection for several tasks, one piece of work at a time."""

    def __init__(self, connection: asyncpg.Connection, away: str) -> None:
        """Share out a connection; `away` is the reason of the UnavailableError when it breaks."""
        self._connection = connection
        self._away = away
        self._busy = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Wait for the connection; see Line.session."""
        async with self._busy:
            with away_as_unavailable(self._away):
                yield self._connection
