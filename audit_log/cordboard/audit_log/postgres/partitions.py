"""One partition per day of calls, made before its day begins."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

from cordboard.audit_log.postgres.database import Session

# A clock may lag a little behind, and the ledger may be away over a weekend.
DAYS_BEHIND = 1
DAYS_AHEAD = 7


def bound(day: date) -> str:
    """Give the smallest UUIDv7 of a day, as text."""
    milliseconds = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    return str(uuid.UUID(int=milliseconds << 80))


def name(day: date) -> str:
    """Name a day's partition."""
    return f"ledger.event_standard_{day:%Y%m%d}"


async def ensure_partitions(connection: Session, today: date) -> None:
    """Make the partitions around today that are missing."""
    for offset in range(-DAYS_BEHIND, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        # Asked first, because making one locks the whole table for a moment even when it is there already.
        if await connection.fetchval("select to_regclass($1) is not null", name(day)):
            continue
        statement = (
            f"create table if not exists {name(day)} partition of ledger.event_standard"
            f" for values from ('{bound(day)}') to ('{bound(day + timedelta(days=1))}')"
        )
        trigger = (
            f"create or replace trigger no_truncation before truncate on {name(day)}"
            " for each statement execute function ledger.refuse_truncate()"
        )
        async with connection.transaction():
            await connection.execute(statement)
            await connection.execute(trigger)
