"""The tables of routing, with just enough of a database for its rules to run on."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.notice import Notice
from cordboard.activities.routing.queue_entry import QueueEntry
from cordboard.activities.routing.reservation import Reservation
from cordboard.activities.routing.routing_store import Snapshot

Row = Agent | Reservation | QueueEntry | Notice


class Rows(Protocol):
    """One transaction on one tenant's rows. Nobody else changes them meanwhile."""

    @property
    def now(self) -> datetime:
        """The time of the transaction."""
        ...

    async def agents(self, keys: Collection[AgentKey]) -> dict[AgentKey, Agent]:
        """Give those agents that are known."""
        ...

    async def entries(self, call_ids: Collection[str]) -> dict[str, QueueEntry]:
        """Give the places of calls in their queues."""
        ...

    async def living(self, *, agent: AgentKey | None = None, call_id: str = "") -> Sequence[Reservation]:
        """Give the reservations of an agent, or of a call, that are not over."""
        ...

    async def reservation(self, agent: AgentKey, epoch: int) -> Reservation | None:
        """Give one reservation."""
        ...

    async def due(self, wrap_up: timedelta) -> tuple[Sequence[Reservation], Sequence[AgentKey]]:
        """Give reservations whose time is up, and agents who have been wrapping up for so long."""
        ...

    async def save(self, rows: Iterable[Row]) -> None:
        """Store rows, and tell the matcher that something changed. Nothing is stored unless the transaction ends."""
        ...


class Tables(Protocol):
    """The tables, reached by one way: shared by all, or by the lead alone. Raises UnavailableError."""

    def transaction(self, tenant: str) -> AbstractAsyncContextManager[Rows]:
        """Begin a transaction; an error inside undoes it."""
        ...

    async def snapshot(self) -> Snapshot:
        """Give who waits and who is ready; see Lead.snapshot."""
        ...

    async def due_tenants(self, wrap_up: timedelta) -> Sequence[str]:
        """Name the tenants that have something due; see Rows.due."""
        ...

    async def notices(self, limit: int) -> Sequence[Notice]:
        """Give the oldest notices in order."""
        ...

    async def settle(self, numbers: Collection[int]) -> None:
        """Delete notices."""
        ...

    async def forget(self, age: timedelta) -> None:
        """Delete what has been over for so long."""
        ...


class HeldLead(Protocol):
    """The lead, while it is held."""

    @property
    def tables(self) -> Tables:
        """The tables by the way that ends with the lead."""
        ...

    def changed(self) -> asyncio.Event:
        """Give the event that is set at the next change, and when the lead is lost."""
        ...


class Storage(Protocol):
    """Tables that processes share, and the lead among them."""

    @property
    def tables(self) -> Tables:
        """The tables by the way that all share."""
        ...

    def lead(self) -> AbstractAsyncContextManager[HeldLead]:
        """Wait for the lead and hold it."""
        ...
