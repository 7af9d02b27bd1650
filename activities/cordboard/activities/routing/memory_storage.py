"""Routing's tables in memory: the twin that tests of other parts run against."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.notice import Notice, NoticeKind
from cordboard.activities.routing.queue_entry import EntryState, QueueEntry
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.activities.routing.routing_store import Snapshot
from cordboard.activities.routing.tables import HeldLead, Row, Rows, Tables
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_READY, AGENT_STATE_WRAP_UP
from cordboard.core.errors import UnavailableError


@dataclass(slots=True)
class _Data:
    """All rows."""

    agents: dict[AgentKey, Agent] = field(default_factory=dict)
    entries: dict[str, QueueEntry] = field(default_factory=dict)
    reservations: dict[tuple[AgentKey, int], Reservation] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    numbers: int = 0

    def copy(self) -> "_Data":
        return _Data(dict(self.agents), dict(self.entries), dict(self.reservations), list(self.notices), self.numbers)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryStorage:
    """Tables and lead for as long as the process lives. Not for threads. `away` makes it answer like a lost server."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        """Make empty tables."""
        self.clock = clock
        self.away = False
        self.data = _Data()
        self.writing = asyncio.Lock()
        self.change = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()
        self._held: _HeldMemoryLead | None = None

    @property
    def tables(self) -> Tables:
        """The tables by the way that all share."""
        return MemoryTables(self)

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[HeldLead]:
        """Wait for the lead and hold it."""
        while self._held is not None:
            await self._free.wait()
        self._free.clear()
        held = self._held = _HeldMemoryLead(self)
        try:
            yield held
        finally:
            if self._held is held:
                self.drop_lead()

    def drop_lead(self) -> None:
        """Take the lead from its holder, as if the holder's connection had broken."""
        if self._held is not None:
            self._held.lost = True
        self._held = None
        self._free.set()
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        self.change.set()
        self.change = asyncio.Event()


class _HeldMemoryLead:
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.lost = False

    @property
    def tables(self) -> Tables:
        return MemoryTables(self._storage, self)

    def changed(self) -> asyncio.Event:
        return self._storage.change


class MemoryTables:
    """The tables by one way."""

    def __init__(self, storage: MemoryStorage, held: _HeldMemoryLead | None = None) -> None:
        """Reach the tables; by the lead's way when `held` is given."""
        self._storage = storage
        self._held = held

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Rows]:
        """Begin a transaction; see Tables.transaction."""
        self._check()
        async with self._storage.writing:
            rows = _MemoryRows(self._storage.data.copy(), tenant, self._storage.clock())
            yield rows
            self._storage.data = rows.data
        if rows.saved:
            self._storage.tell()

    async def snapshot(self) -> Snapshot:
        """Give who waits and who is ready; see Tables.snapshot."""
        data = self._looked_at()
        waiting = [one for one in data.entries.values() if one.state == EntryState.WAITING]
        tenants = {one.wait.tenant for one in waiting}
        ready = [one for one in data.agents.values() if one.state == AGENT_STATE_READY and one.key.tenant in tenants]
        return Snapshot(waiting, ready)

    async def due_tenants(self, wrap_up: timedelta) -> Sequence[str]:
        """Name the tenants that have something due; see Tables.due_tenants."""
        data, now = self._looked_at(), self._storage.clock()
        due = {one.agent.tenant for one in data.reservations.values() if _is_due(one, now)}
        return sorted(due | {one.key.tenant for one in data.agents.values() if _wraps_up_too_long(one, wrap_up, now)})

    async def notices(self, limit: int) -> Sequence[Notice]:
        """Give the oldest notices in order; see Tables.notices."""
        return self._looked_at().notices[:limit]

    async def settle(self, numbers: Collection[int]) -> None:
        """Delete notices; see Tables.settle."""
        data = self._looked_at()
        data.notices = [one for one in data.notices if one.number not in numbers]

    async def forget(self, age: timedelta) -> None:
        """Delete what has been over for so long; see Tables.forget."""
        data, before = self._looked_at(), self._storage.clock() - age
        over = ReservationState.OVER
        data.reservations = {
            key: one for key, one in data.reservations.items() if one.state != over or one.made_at > before
        }
        done = (EntryState.OVER, EntryState.TAKEN)
        data.entries = {
            key: one for key, one in data.entries.items() if one.state not in done or one.enqueued_at > before
        }

    def _looked_at(self) -> _Data:
        self._check()
        return self._storage.data

    def _check(self) -> None:
        if self._storage.away:
            raise UnavailableError("ROUTING_AWAY", "routing's tables cannot be reached")
        if self._held is not None and self._held.lost:
            raise UnavailableError("LEAD_LOST", "another matcher leads")


class _MemoryRows:
    """One transaction on a copy."""

    def __init__(self, data: _Data, tenant: str, now: datetime) -> None:
        self.data = data
        self.saved = False
        self._tenant = tenant
        self._now = now

    @property
    def now(self) -> datetime:
        return self._now

    async def agents(self, keys: Collection[AgentKey]) -> dict[AgentKey, Agent]:
        return {key: self.data.agents[key] for key in keys if key in self.data.agents}

    async def entries(self, call_ids: Collection[str]) -> dict[str, QueueEntry]:
        return {key: self.data.entries[key] for key in call_ids if key in self.data.entries}

    async def living(self, *, agent: AgentKey | None = None, call_id: str = "") -> Sequence[Reservation]:
        return [
            one
            for one in self.data.reservations.values()
            if one.state != ReservationState.OVER and (one.agent == agent if agent else one.call_id == call_id)
        ]

    async def reservation(self, agent: AgentKey, epoch: int) -> Reservation | None:
        return self.data.reservations.get((agent, epoch))

    async def due(self, wrap_up: timedelta) -> tuple[Sequence[Reservation], Sequence[AgentKey]]:
        reservations = [
            one
            for one in self.data.reservations.values()
            if one.agent.tenant == self._tenant and _is_due(one, self._now)
        ]
        agents = [
            key
            for key, one in self.data.agents.items()
            if key.tenant == self._tenant and _wraps_up_too_long(one, wrap_up, self._now)
        ]
        return reservations, agents

    async def save(self, rows: Iterable[Row]) -> None:
        data = self.data
        for row in rows:
            self.saved = True
            if isinstance(row, Agent):
                data.agents[row.key] = row
            elif isinstance(row, QueueEntry):
                data.entries[row.wait.call_id] = row
            elif isinstance(row, Notice):
                data.numbers += 1
                data.notices.append(replace(row, number=data.numbers))
            else:
                data.reservations[row.agent, row.epoch] = row
                if row.state != ReservationState.OFFERED:
                    data.notices = [one for one in data.notices if not _rings_for(one, row)]


def _rings_for(notice: Notice, reservation: Reservation) -> bool:
    named = (notice.kind, notice.agent, notice.epoch)
    return named == (NoticeKind.RESERVED, reservation.agent, reservation.epoch)


def _is_due(reservation: Reservation, now: datetime) -> bool:
    return reservation.state != ReservationState.OVER and reservation.expires_at <= now


def _wraps_up_too_long(agent: Agent, wrap_up: timedelta, now: datetime) -> bool:
    return agent.state == AGENT_STATE_WRAP_UP and agent.since + wrap_up <= now
