"""The way to PostgreSQL: a pool for reading, single connections for who needs one, one error when it is away."""

import contextlib
from collections.abc import AsyncIterator, Iterator

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from cordboard.core.errors import UnavailableError

POOL_SIZE = 8
CONNECT_SECONDS = 3.0
COMMAND_SECONDS = 15.0

Session = asyncpg.Connection | PoolConnectionProxy
"""A connection, owned or lent."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # A connection that dies between two steps of a transaction is still "busy" when the next one is tried.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    # No room on the disk, no memory, too many connections.
    asyncpg.InsufficientResourcesError,
    # Deadlocks and the like: another try is served.
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    # A standby that was not promoted yet.
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)
"""What asyncpg raises when the server stops, restarts, cannot be reached, or cannot serve for now."""

_REFUSALS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


def is_refusal(error: Exception) -> bool:
    """Tell whether the server minds the very rows (SQLSTATE classes 22 and 23), so that another try is useless."""
    if isinstance(error, asyncpg.CheckViolationError) and not error.constraint_name:
        # "No partition for the row": the ledger's own omission, made up for with the next partitions.
        return False
    return isinstance(error, _REFUSALS)


@contextlib.contextmanager
def away_as_unavailable() -> Iterator[None]:
    """Turn the loss of the server inside the block into UnavailableError(LEDGER_AWAY)."""
    try:
        yield
    except AWAY as error:
        raise UnavailableError("LEDGER_AWAY", "the ledger's database cannot be reached") from error


class Database:
    """One database. Nothing is connected before it is needed, so a process can start while PostgreSQL is away."""

    def __init__(self, url: str) -> None:
        """Name the database by its DSN."""
        self._url = url
        self._pool: asyncpg.Pool | None = None

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Session]:
        """Lend a connection of the pool. Raises UnavailableError(LEDGER_AWAY)."""
        with away_as_unavailable():
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url, min_size=0, max_size=POOL_SIZE, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS
                )
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

    async def connect(self) -> asyncpg.Connection:
        """Open a connection of the caller's own. Raises UnavailableError(LEDGER_AWAY)."""
        with away_as_unavailable():
            return await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS)

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None
