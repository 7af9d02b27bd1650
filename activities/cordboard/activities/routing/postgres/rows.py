"""One transaction on a tenant's rows in PostgreSQL."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from cordboard.activities.postgres.session import Session
from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.notice import Notice
from cordboard.activities.routing.postgres import row_codec
from cordboard.activities.routing.queue_entry import QueueEntry
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.activities.routing.tables import Row

CHANNEL = "cordboard_routing"

_AGENTS = "select * from routing.agent where tenant = $1 and agent_id = any($2::text[])"
_ENTRIES = "select * from routing.queue_entry where tenant = $1 and call_id = any($2::text[])"
_OF_AGENT = "select * from routing.reservation where tenant = $1 and agent_id = $2 and state <> 'OVER'"
_OF_CALL = "select * from routing.reservation where tenant = $1 and call_id = $2 and state <> 'OVER' order by made_at"
_RESERVATION = "select * from routing.reservation where tenant = $1 and agent_id = $2 and epoch = $3"
_DUE = "select * from routing.reservation where tenant = $1 and state <> 'OVER' and expires_at <= $2"
_WRAPPING_UP = "select agent_id from routing.agent where tenant = $1 and state = 'WRAP_UP' and since <= $2"

_SAVE_AGENT = """
insert into routing.agent (tenant, agent_id, state, reason, skills, queues, epoch, session_id, since, idle_since,
    wanted, wanted_reason, said_seq, changes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (tenant, agent_id) do update set state = $3, reason = $4, skills = $5, queues = $6, epoch = $7,
    session_id = $8, since = $9, idle_since = $10, wanted = $11, wanted_reason = $12, said_seq = $13, changes = $14
"""
_SAVE_ENTRY = """
insert into routing.queue_entry (call_id, tenant, queue, skills, priority, ordinal, enqueued_at, passed_over, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (call_id) do update set queue = $3, skills = $4, priority = $5, ordinal = $6, enqueued_at = $7,
    passed_over = $8, state = $9
"""
_SAVE_RESERVATION = """
insert into routing.reservation (tenant, agent_id, epoch, call_id, made_at, expires_at, state, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant, agent_id, epoch) do update set expires_at = $6, state = $7, reason = $8
"""
_SAVE_NOTICE = """
insert into routing.notice (kind, tenant, agent_id, call_id, epoch, payload, made_at, said_seq)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_RING_NO_MORE = "delete from routing.notice where kind = 'RESERVED' and tenant = $1 and agent_id = $2 and epoch = $3"


class PostgresRows:
    """The rows of one tenant, whose lock the transaction holds."""

    def __init__(self, session: Session, tenant: str, now: datetime) -> None:
        """Work in the transaction that `session` is in."""
        self._session = session
        self._tenant = tenant
        self._now = now

    @property
    def now(self) -> datetime:
        """The time of the transaction."""
        return self._now

    async def agents(self, keys: Collection[AgentKey]) -> dict[AgentKey, Agent]:
        """Give those agents that are known; see Rows.agents."""
        ids = [key.agent_id for key in keys if key.tenant == self._tenant]
        found = map(row_codec.to_agent, await self._session.fetch(_AGENTS, self._tenant, ids))
        return {agent.key: agent for agent in found}

    async def entries(self, call_ids: Collection[str]) -> dict[str, QueueEntry]:
        """Give the places of calls in their queues; see Rows.entries."""
        found = map(row_codec.to_entry, await self._session.fetch(_ENTRIES, self._tenant, list(call_ids)))
        return {entry.wait.call_id: entry for entry in found}

    async def living(self, *, agent: AgentKey | None = None, call_id: str = "") -> Sequence[Reservation]:
        """Give the reservations that are not over; see Rows.living."""
        if agent is not None:
            found = await self._session.fetch(_OF_AGENT, self._tenant, agent.agent_id)
        else:
            found = await self._session.fetch(_OF_CALL, self._tenant, call_id)
        return [row_codec.to_reservation(row) for row in found]

    async def reservation(self, agent: AgentKey, epoch: int) -> Reservation | None:
        """Give one reservation; see Rows.reservation."""
        found = await self._session.fetchrow(_RESERVATION, agent.tenant, agent.agent_id, epoch)
        return row_codec.to_reservation(found) if found is not None else None

    async def due(self, wrap_up: timedelta) -> tuple[Sequence[Reservation], Sequence[AgentKey]]:
        """Give what is due; see Rows.due."""
        due = await self._session.fetch(_DUE, self._tenant, self._now)
        wrapping_up = await self._session.fetch(_WRAPPING_UP, self._tenant, self._now - wrap_up)
        keys = [AgentKey(self._tenant, row["agent_id"]) for row in wrapping_up]
        return [row_codec.to_reservation(row) for row in due], keys

    async def save(self, rows: Iterable[Row]) -> None:
        """Store rows; see Rows.save."""
        kept = list(rows)
        if not kept:
            return
        agents = [row_codec.of_agent(row) for row in kept if isinstance(row, Agent)]
        entries = [row_codec.of_entry(row) for row in kept if isinstance(row, QueueEntry)]
        reservations = [row for row in kept if isinstance(row, Reservation)]
        settled = [
            (row.agent.tenant, row.agent.agent_id, row.epoch)
            for row in reservations
            if row.state != ReservationState.OFFERED
        ]
        notices = [row_codec.of_notice(row) for row in kept if isinstance(row, Notice)]
        for statement, rows_of_it in (
            (_SAVE_AGENT, agents),
            (_SAVE_ENTRY, entries),
            (_SAVE_RESERVATION, [row_codec.of_reservation(row) for row in reservations]),
            (_RING_NO_MORE, settled),
            (_SAVE_NOTICE, notices),
        ):
            if rows_of_it:
                await self._session.executemany(statement, rows_of_it)
        await self._session.execute("select pg_notify($1, '')", CHANNEL)
