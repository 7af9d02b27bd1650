"""The routing store over tables: loads what a rule needs, applies it, stores what it changed."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

from cordboard.activities.routing import rules
from cordboard.activities.routing.agent import Agent, AgentKey, DeskWord
from cordboard.activities.routing.notice import Notice
from cordboard.activities.routing.queue_entry import QueueEntry, Wait
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.activities.routing.routing_policy import DEFAULT, RoutingPolicy
from cordboard.activities.routing.routing_store import Lead, ReservationKey, Snapshot
from cordboard.activities.routing.situation import Situation, changed
from cordboard.activities.routing.tables import HeldLead, Rows, Storage
from cordboard.call.v1.agent_facts_pb2 import AgentState

MAX_NOTICES = 500


class TableRoutingStore:
    """A RoutingStore over any tables."""

    def __init__(self, storage: Storage, policy: RoutingPolicy = DEFAULT) -> None:
        """Make a store on tables that others may share."""
        self._storage = storage
        self._tables = storage.tables
        self._policy = policy

    async def hear(self, word: DeskWord) -> None:
        """Follow a desk's word; see RoutingStore.hear."""
        async with self._tables.transaction(word.agent.tenant) as rows:
            living = await rows.living(agent=word.agent)
            before = await _situation(rows, living[0] if living else None, agent=word.agent)
            await rows.save(changed(before, rules.hear(before, word, rows.now)))

    async def enqueue(self, wait: Wait) -> None:
        """Let a call wait; see RoutingStore.enqueue."""
        async with self._tables.transaction(wait.tenant) as rows:
            before = await _situation(rows, None, call_id=wait.call_id)
            await rows.save(changed(before, rules.enqueue(before, wait, rows.now)))

    async def cancel(self, wait: Wait) -> None:
        """End a call's wait; see RoutingStore.cancel."""
        async with self._tables.transaction(wait.tenant) as rows:
            living = await rows.living(call_id=wait.call_id)
            offered = [one for one in living if one.state == ReservationState.OFFERED]
            before = await _situation(rows, offered[0] if offered else None, call_id=wait.call_id)
            await rows.save(changed(before, rules.cancel(before, wait, rows.now)))

    async def end_call(self, tenant: str, call_id: str) -> None:
        """Free whoever a call holds; see RoutingStore.end_call."""
        async with self._tables.transaction(tenant) as rows:
            held: list[Reservation | None] = [*await rows.living(call_id=call_id)]
            for reservation in held or [None]:
                before = await _situation(rows, reservation, call_id=call_id)
                await rows.save(changed(before, rules.end_call(before, rows.now)))

    async def confirm(self, reservation: ReservationKey) -> None:
        """Let the agent be in the call; see RoutingStore.confirm."""
        async with self._tables.transaction(reservation.agent.tenant) as rows:
            before = await _named(rows, reservation)
            after = rules.confirm(before, reservation.call_id, self._policy.busy, rows.now)
            await rows.save(changed(before, after))

    async def release(self, reservation: ReservationKey, state: AgentState.ValueType, reason: str) -> None:
        """Give the agent back; see RoutingStore.release."""
        async with self._tables.transaction(reservation.agent.tenant) as rows:
            before = await _named(rows, reservation)
            after = rules.release(before, reservation.call_id, state, reason, rows.now)
            await rows.save(changed(before, after))

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[Lead]:
        """Wait for the lead and hold it; see RoutingStore.lead."""
        async with self._storage.lead() as held:
            yield TableLead(held, self._policy)


class TableLead:
    """A Lead over any tables."""

    def __init__(self, held: HeldLead, policy: RoutingPolicy) -> None:
        """Lead for as long as the lead is held."""
        self._held = held
        self._tables = held.tables
        self._policy = policy

    async def snapshot(self) -> Snapshot:
        """Look at who waits and who is ready; see Lead.snapshot."""
        return await self._tables.snapshot()

    async def reserve(self, wanted: Sequence[ReservationKey]) -> list[Reservation]:
        """Set agents aside for calls; see Lead.reserve."""
        made: list[Reservation] = []
        by_tenant = sorted(wanted, key=lambda one: one.agent.tenant)
        for tenant, group in groupby(by_tenant, key=lambda one: one.agent.tenant):
            made += await self._reserve(tenant, list(group))
        return made

    async def expire(self) -> int:
        """End what is due; see Lead.expire."""
        ended = 0
        for tenant in await self._tables.due_tenants(self._policy.wrap_up):
            async with self._tables.transaction(tenant) as rows:
                reservations, wrapping_up = await rows.due(self._policy.wrap_up)
                for reservation in reservations:
                    before = await _situation(rows, reservation)
                    await rows.save(changed(before, rules.expire(before, rows.now)))
                for agent in wrapping_up:
                    before = await _situation(rows, None, agent=agent)
                    await rows.save(changed(before, rules.end_wrap_up(before, self._policy.wrap_up, rows.now)))
            ended += len(reservations) + len(wrapping_up)
        return ended

    async def notices(self) -> Sequence[Notice]:
        """Give what is still to be told; see Lead.notices."""
        return await self._tables.notices(MAX_NOTICES)

    async def settle(self, told: Iterable[Notice]) -> None:
        """Forget what was told; see Lead.settle."""
        await self._tables.settle([notice.number for notice in told])

    async def tidy(self) -> None:
        """Forget what has been over for long; see Lead.tidy."""
        await self._tables.forget(self._policy.keep)

    def changed(self) -> asyncio.Event:
        """Give the event that is set at the next change; see Lead.changed."""
        return self._held.changed()

    async def _reserve(self, tenant: str, wanted: list[ReservationKey]) -> list[Reservation]:
        """Reserve for one tenant in one transaction."""
        made: list[Reservation] = []
        async with self._tables.transaction(tenant) as rows:
            agents = await rows.agents({one.agent for one in wanted})
            entries = await rows.entries({one.call_id for one in wanted})
            altered: list[Agent | Reservation | QueueEntry | Notice] = []
            for one in wanted:
                before = Situation(agent=agents.get(one.agent), entry=entries.get(one.call_id))
                after = rules.reserve(before, one.epoch, self._policy.offer, rows.now)
                if after.agent is None or after.entry is None or after.reservation is None:
                    continue
                # A later one of the batch sees what an earlier one did.
                agents[one.agent], entries[one.call_id] = after.agent, after.entry
                altered += changed(before, after)
                made.append(after.reservation)
            await rows.save(altered)
        return made


async def _situation(
    rows: Rows, reservation: Reservation | None, *, agent: AgentKey | None = None, call_id: str = ""
) -> Situation:
    """Load a reservation's agent and call, or those that are named when there is none."""
    key = reservation.agent if reservation is not None else agent
    call = reservation.call_id if reservation is not None else call_id
    found = (await rows.agents({key})).get(key) if key is not None else None
    entry = (await rows.entries({call})).get(call) if call else None
    return Situation(found, reservation, entry)


async def _named(rows: Rows, wanted: ReservationKey) -> Situation:
    """Load the reservation that a call speaks of."""
    reservation = await rows.reservation(wanted.agent, wanted.epoch)
    return await _situation(rows, reservation, agent=wanted.agent, call_id=wanted.call_id)
