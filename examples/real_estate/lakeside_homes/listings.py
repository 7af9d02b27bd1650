"""The agency's own tables: homes, times at which they are shown, viewings that were booked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

SCHEMA = "real_estate"
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
AREAS = ("lake", "hill", "old town")
OFFERS = 3
DAYS = 10
NOTICE = timedelta(hours=3)
"""Nobody is offered a viewing that they could hardly make."""

_AWAY = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.SerializationError)

_TABLES = f"""
select pg_advisory_xact_lock(hashtext('lakeside_homes.tables'));
create schema if not exists {SCHEMA};
create table if not exists {SCHEMA}.showing (
    showing_id bigint generated always as identity primary key,
    tenant text not null,
    area text not null,
    starts_at timestamptz not null,
    unique (tenant, area, starts_at)
);
create table if not exists {SCHEMA}.viewing (
    viewing_id bigint generated always as identity primary key,
    -- One viewing per showing: whoever comes second is told that it is taken.
    showing_id bigint not null unique references {SCHEMA}.showing,
    -- Effect once: a tool call that is repeated finds the viewing that it booked.
    tool_call_id text not null unique,
    call_id text not null,
    name text not null,
    callback_number text not null
);
"""
_FILL = """
insert into showing (tenant, area, starts_at)
select $1, area, day + hour
from unnest($2::text[]) as area,
     generate_series(date_trunc('day', $3::timestamptz), $3::timestamptz + make_interval(days => $4::int),
                     interval '1 day') as day,
     unnest(array[interval '10 hours', interval '14 hours', interval '17 hours']) as hour
where extract(isodow from day) < 7
on conflict do nothing
"""
_FIND = """
select distinct on (starts_at) showing_id, starts_at from showing left join viewing using (showing_id)
where tenant = $1 and viewing_id is null and starts_at > $2 and ($3 = '' or area = $3)
  and ($4::int = 0 or extract(isodow from starts_at at time zone 'UTC') = $4)
  and extract(hour from starts_at at time zone 'UTC') >= $5 and extract(hour from starts_at at time zone 'UTC') < $6
order by starts_at, showing_id limit $7
"""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = {"": (0, 24), "morning": (0, 12), "afternoon": (12, 24)}


@dataclass(frozen=True, slots=True)
class Showing:
    """A time at which a home is shown."""

    showing_id: int
    starts_at: datetime


class Listings:
    """The agency's schema. It is reached at first use, so that an agency that is away holds up nobody else."""

    def __init__(self, pool: "asyncpg.Pool") -> None:
        self._pool = pool
        self._made = False

    @asynccontextmanager
    async def transaction(self) -> "AsyncIterator[Connection]":
        """Work in one transaction. Raises UnavailableError(SYSTEM_OF_RECORD_AWAY); its text holds no values."""
        try:
            async with self._pool.acquire(timeout=2.0) as connection, connection.transaction():
                if not self._made:
                    await connection.execute(_TABLES)
                yield connection
                self._made = True
        except _AWAY:
            raise UnavailableError("SYSTEM_OF_RECORD_AWAY", "the agency's listings cannot be reached") from None


@asynccontextmanager
async def open_listings(url: str) -> AsyncIterator[Listings]:
    """Open the agency's schema; nothing is connected yet."""
    settings = {"search_path": SCHEMA, "timezone": "UTC", "application_name": "lakeside-homes"}
    pool = await asyncpg.create_pool(
        url, min_size=0, max_size=2, command_timeout=4.0, timeout=2.0, server_settings=settings
    )
    try:
        yield Listings(pool)
    finally:
        await pool.close()


async def find(connection: Connection, tenant: str, wish: Mapping[str, str], now: datetime) -> list[Showing]:
    """Find the earliest showings that fit a wish. Raises InvalidError(ARGUMENT_INVALID)."""
    area = wish.get("area", "")
    weekday = wish.get("weekday", "").lower()
    part = wish.get("part_of_day", "").lower()
    if weekday not in ("", *_WEEKDAYS) or part not in _HOURS:
        raise invalid_argument("weekday")
    earliest = max(now + NOTICE, _after(wish.get("after", "")))
    await connection.execute(_FILL, tenant, list(AREAS), now, DAYS)
    number = _WEEKDAYS.index(weekday) + 1 if weekday else 0
    # An area that the agency does not know is no reason to offer nothing.
    known = area if area in AREAS else ""
    rows = await connection.fetch(_FIND, tenant, earliest, known, number, *_HOURS[part], OFFERS)
    return [Showing(row["showing_id"], row["starts_at"]) for row in rows]


async def book(connection: Connection, call: tuple[str, str, str], arguments: Mapping[str, str]) -> tuple[int, Showing]:
    """Book a showing for a call (tenant, call, tool call), once.

    Raises InvalidError(ARGUMENT_INVALID), NotFoundError(SLOT_UNKNOWN), ConflictError(SLOT_TAKEN).
    """
    tenant, call_id, tool_call_id = call
    for needed in ("slot_id", "name", "callback_number"):
        if not arguments.get(needed):
            raise invalid_argument(needed)
    if not arguments["slot_id"].isdecimal() or len(arguments["slot_id"]) > 18:
        raise invalid_argument("slot_id")
    row = await connection.fetchrow(
        "select showing_id, starts_at from showing where tenant = $1 and showing_id = $2",
        tenant,
        int(arguments["slot_id"]),
    )
    if row is None:
        raise NotFoundError("SLOT_UNKNOWN", "there is no such showing")
    await connection.execute(
        "insert into viewing (showing_id, tool_call_id, call_id, name, callback_number) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing",
        row["showing_id"],
        tool_call_id,
        call_id,
        arguments["name"],
        arguments["callback_number"],
    )
    booked = await connection.fetchrow(
        "select viewing_id, showing_id from viewing where tool_call_id = $1", tool_call_id
    )
    if booked is None:
        raise ConflictError("SLOT_TAKEN", "somebody else sees the home then")
    return int(booked["viewing_id"]), Showing(row["showing_id"], row["starts_at"])


def invalid_argument(name: str) -> InvalidError:
    """Say which argument is wrong; its value is never repeated."""
    return InvalidError("ARGUMENT_INVALID", "an argument of the tool is missing or wrong", key=name)


def _after(text: str) -> datetime:
    if not text:
        return datetime.min.replace(tzinfo=UTC)
    try:
        after = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_argument("after") from None
    return after if after.tzinfo else after.replace(tzinfo=UTC)
