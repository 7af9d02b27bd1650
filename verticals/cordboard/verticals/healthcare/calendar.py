"""The clinic's openings: kept filled for the coming days, found by wish, booked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from cordboard.core.errors import ConflictError, InvalidError, NotFoundError
from cordboard.verticals.healthcare.database import Connection

TIME_ZONE = "America/New_York"
HORIZON_DAYS = 14
OFFERS = 3
PROVIDERS = ("Dr. Okafor", "Dr. Lindqvist")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS_OF_DAY = {"": (0, 24), "morning": (0, 12), "afternoon": (12, 24)}
NOTICE = timedelta(hours=2)
"""Nobody is offered a time that they could hardly make."""

_PROVIDERS = "insert into provider (tenant, name) select $1, unnest($2::text[]) on conflict do nothing"
_FILL = """
insert into opening (tenant, provider_id, starts_at, ends_at)
select $1, provider_id, local_start at time zone $2, (local_start + interval '30 minutes') at time zone $2
from provider,
     -- In local time without a zone: an opening at nine is at nine on both sides of a change to summer time.
     generate_series(date_trunc('day', $3::timestamptz at time zone $2),
                     date_trunc('day', $3::timestamptz at time zone $2) + make_interval(days => $4::int),
                     interval '1 day') as day,
     generate_series(day + interval '9 hours', day + interval '17 hours', interval '30 minutes') as local_start
where tenant = $1 and extract(isodow from day) < 6
on conflict do nothing
"""
_FIND = """
select distinct on (starts_at) opening_id, starts_at, starts_at at time zone $2 as local_start
from opening left join appointment using (opening_id)
where opening.tenant = $1 and appointment_id is null and starts_at > $3
  and ($4::int = 0 or extract(isodow from starts_at at time zone $2) = $4)
  and extract(hour from starts_at at time zone $2) >= $5 and extract(hour from starts_at at time zone $2) < $6
order by starts_at, opening_id
limit $7
"""
_OPENING = """
select opening_id, starts_at, starts_at at time zone $3 as local_start from opening
where tenant = $1 and opening_id = $2
"""
_BOOK = """
insert into appointment (tenant, opening_id, call_id, name, callback_number, reason, urgency)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (opening_id) do nothing returning appointment_id
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """A time at which somebody can be seen, in the clinic's local time."""

    opening_id: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants which opening, and when they said so."""

    tenant: str
    call_id: str
    opening_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller would like; empty fields mean that anything is fine."""

    earliest: datetime
    weekday: int = 0
    hours: tuple[int, int] = (0, 24)

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str], now: datetime) -> "Wish":
        """Read the tool's arguments. Raises InvalidError(ARGUMENT_INVALID), naming the argument."""
        weekday = arguments.get("weekday", "").lower()
        if weekday and weekday not in WEEKDAYS:
            raise invalid_argument("weekday")
        part_of_day = arguments.get("part_of_day", "").lower()
        if part_of_day not in PARTS_OF_DAY:
            raise invalid_argument("part_of_day")
        earliest = now + NOTICE
        if arguments.get("after"):
            try:
                after = datetime.fromisoformat(arguments["after"])
            except ValueError:
                raise invalid_argument("after") from None
            earliest = max(earliest, after if after.tzinfo else after.replace(tzinfo=UTC))
        return cls(earliest, WEEKDAYS.index(weekday) + 1 if weekday else 0, PARTS_OF_DAY[part_of_day])


async def fill(connection: Connection, tenant: str, now: datetime) -> None:
    """Keep the coming two weeks of a tenant's calendar filled; a tenant without doctors is given two."""
    newest = await connection.fetchval("select max(starts_at) from opening where tenant = $1", tenant)
    if newest is not None and newest > now + timedelta(days=HORIZON_DAYS - 4):
        return
    await connection.execute(_PROVIDERS, tenant, list(PROVIDERS))
    await connection.execute(_FILL, tenant, TIME_ZONE, now, HORIZON_DAYS)


async def find(connection: Connection, tenant: str, wish: Wish) -> list[Opening]:
    """Find the earliest free openings that fit a wish, at most three, each at another time."""
    rows = await connection.fetch(
        _FIND, tenant, TIME_ZONE, wish.earliest, wish.weekday, wish.hours[0], wish.hours[1], OFFERS
    )
    return [Opening(row["opening_id"], _localised(row["starts_at"], row["local_start"])) for row in rows]


async def book(connection: Connection, request: Request, details: Mapping[str, str]) -> tuple[int, Opening]:
    """Book an opening and give the appointment's id.

    Raises NotFoundError(SLOT_UNKNOWN) for none, or one that is over, ConflictError(SLOT_TAKEN).
    """
    row = await connection.fetchrow(_OPENING, request.tenant, request.opening_id, TIME_ZONE)
    if row is None or row["starts_at"] <= request.at:
        raise NotFoundError("SLOT_UNKNOWN", "there is no such opening")
    appointment_id = await connection.fetchval(
        _BOOK,
        request.tenant,
        request.opening_id,
        request.call_id,
        details["name"],
        details["callback_number"],
        details.get("reason", ""),
        details.get("urgency", ""),
    )
    if appointment_id is None:
        raise ConflictError("SLOT_TAKEN", "somebody else has the opening")
    return int(appointment_id), Opening(request.opening_id, _localised(row["starts_at"], row["local_start"]))


def invalid_argument(name: str) -> InvalidError:
    """Say which argument is wrong; its value is never repeated."""
    return InvalidError("ARGUMENT_INVALID", "an argument of the tool is missing or wrong", key=name)


def _localised(instant: datetime, local: datetime) -> datetime:
    """Give the instant with the clinic's offset; the zone's rules are PostgreSQL's own, so none are needed here."""
    return instant.astimezone(timezone(local - instant.astimezone(UTC).replace(tzinfo=None)))
