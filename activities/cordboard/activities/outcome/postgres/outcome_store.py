"""Outcomes in PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from cordboard.activities.outcome.outcome_store import OutcomeRow, Place
from cordboard.activities.postgres.database import Database
from cordboard.activities.postgres.table_schema import TableSchema
from cordboard.call.v1 import outcome_pb2 as pb

SCHEMA = TableSchema("outcome", "cordboard.activities.outcome.postgres", lock=7_215_104)
AWAY = "OUTCOMES_AWAY"

_PREFIXES = {"follow_up": "FOLLOW_UP_STATE_", "disposition": "DISPOSITION_", "mood": "MOOD_"}

_PUT = """
insert into outcome.call (call_id, tenant, vertical, disposition, end_reason, intent, mood, sentiment, lead_score,
    escalated, urgency, worst_mos, tools_intended, tools_ok, offered_at, ended_at, follow_up, follow_up_reason,
    body, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
on conflict (call_id) do update set vertical = $3, disposition = $4, end_reason = $5, intent = $6, mood = $7,
    sentiment = $8, lead_score = $9, escalated = $10, urgency = $11, worst_mos = $12, tools_intended = $13,
    tools_ok = $14, offered_at = $15, ended_at = $16,
    follow_up = case when outcome.call.follow_up = 'RESOLVED' then outcome.call.follow_up else $17 end,
    follow_up_reason = case when outcome.call.follow_up = 'RESOLVED' then outcome.call.follow_up_reason else $18 end,
    body = $19, sealed = $20, derived_at = now()
where outcome.call.tenant = $2
"""
_GET = "select * from outcome.call where call_id = $1 and tenant = $2"
_FOLLOW_UPS = """
select * from outcome.call where tenant = $1 and follow_up = 'OPEN'
order by urgency desc, ended_at, call_id limit $2
"""
_FOLLOW_UPS_AFTER = """
select * from outcome.call where tenant = $1 and follow_up = 'OPEN'
    and (-urgency, ended_at, call_id) > (-$3::int, $4::timestamptz, $5::uuid)
order by urgency desc, ended_at, call_id limit $2
"""
_RESOLVE = """
update outcome.call set follow_up = 'RESOLVED', resolved_by = $3, resolved_at = $4
where call_id = $1 and tenant = $2 and follow_up = 'OPEN'
"""


class PostgresOutcomeStore:
    """Keeps one row per call in the schema `outcome`; see OutcomeStore."""

    def __init__(self, url: str) -> None:
        """Name the database by its DSN."""
        self._database = Database(url, SCHEMA, AWAY)

    async def put(self, row: OutcomeRow) -> None:
        """Keep a row."""
        async with self._database.session() as session:
            await session.execute(_PUT, *_columns(row))

    async def get(self, call_id: str, tenant: str) -> OutcomeRow | None:
        """Give a row."""
        async with self._database.session() as session:
            found = await session.fetchrow(_GET, call_id, tenant)
        return _row(found) if found is not None else None

    async def follow_ups(self, tenant: str, limit: int, after: Place | None) -> Sequence[OutcomeRow]:
        """Give open follow-ups."""
        async with self._database.session() as session:
            if after is None:
                found = await session.fetch(_FOLLOW_UPS, tenant, limit)
            else:
                place = (after.urgency, after.ended_at, after.call_id)
                found = await session.fetch(_FOLLOW_UPS_AFTER, tenant, limit, *place)
        return [_row(one) for one in found]

    async def resolve(self, call_id: str, tenant: str, by: str, at: datetime) -> OutcomeRow | None:
        """Close a follow-up."""
        async with self._database.session() as session, session.transaction():
            await session.execute(_RESOLVE, call_id, tenant, by, at)
            found = await session.fetchrow(_GET, call_id, tenant)
        return _row(found) if found is not None else None

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()


def _columns(row: OutcomeRow) -> tuple[Any, ...]:
    outcome = row.outcome
    worst = min((one.worst_mos for one in outcome.quality), default=None)
    return (
        outcome.call_id,
        outcome.tenant,
        outcome.vertical,
        _word("disposition", pb.Disposition.Name(outcome.disposition)),
        outcome.end_reason,
        outcome.intent.name,
        _word("mood", pb.Mood.Name(outcome.sentiment.mood)),
        outcome.sentiment.score,
        outcome.lead.score,
        outcome.escalated,
        outcome.urgency,
        worst,
        outcome.tools.intended,
        outcome.tools.succeeded,
        outcome.offered_at.ToDatetime(tzinfo=UTC),
        outcome.ended_at.ToDatetime(tzinfo=UTC),
        _word("follow_up", pb.FollowUpState.Name(outcome.follow_up.state)),
        outcome.follow_up.reason,
        outcome.SerializeToString(deterministic=True),
        row.sealed,
    )


def _word(column: str, name: str) -> str:
    return name.removeprefix(_PREFIXES[column])


def _row(found: asyncpg.Record) -> OutcomeRow:
    """Read a row; where its follow-up stands is told by the columns, which change after the outcome was derived."""
    outcome = pb.Outcome.FromString(found["body"])
    state = pb.FollowUpState.Value(_PREFIXES["follow_up"] + found["follow_up"])
    outcome.follow_up.state, outcome.follow_up.reason = state, found["follow_up_reason"]
    outcome.follow_up.resolved_by = found["resolved_by"]
    if found["resolved_at"] is not None:
        outcome.follow_up.resolved_at.FromDatetime(found["resolved_at"])
    return OutcomeRow(outcome, found["sealed"])
