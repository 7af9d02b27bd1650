"""Keeps the schema ready: migrations at the start, partitions for the days to come."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import asyncpg

from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.migrations import migrate
from cordboard.audit_log.postgres.partitions import ensure_partitions
from cordboard.core.errors import UnavailableError

PARTITIONS_EVERY_SECONDS = 3600.0
RETRY_SECONDS = 0.5

_log = logging.getLogger(__name__)


async def prepare_schema(database: Database, clock: Callable[[], datetime]) -> None:
    """Apply migrations and make partitions. Raises UnavailableError(LEDGER_AWAY)."""
    async with database.connection() as connection:
        for name in await migrate(connection):
            _log.info("a migration was applied", extra={"name_of": name})
        await ensure_partitions(connection, clock().date())


async def prepare_schema_when_there(database: Database, clock: Callable[[], datetime]) -> None:
    """Do the same as soon as PostgreSQL can be reached."""
    while True:
        try:
            return await prepare_schema(database, clock)
        except UnavailableError:
            _log.warning("waiting for the database")
            await asyncio.sleep(RETRY_SECONDS)


async def keep_partitions(
    database: Database, clock: Callable[[], datetime], *, every: float = PARTITIONS_EVERY_SECONDS
) -> None:
    """Make the next days' partitions each `every` seconds, for ever; what fails is tried again the next time."""
    while True:
        await asyncio.sleep(every)
        try:
            async with database.connection() as connection:
                await ensure_partitions(connection, clock().date())
        except UnavailableError:
            _log.warning("partitions will be made when the database is back")
        except asyncpg.PostgresError as error:
            _log.error("partitions could not be made", extra={"code": error.sqlstate or ""})
