"""Whatever happens in whatever order, under two leaders at once: nobody is set aside twice."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from routing_house import POLICY, RoutingHouse, StandingClock, key, wait

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.memory_storage import MemoryStorage
from cordboard.activities.routing.postgres.storage import PostgresStorage
from cordboard.activities.routing.queue_entry import EntryState
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.activities.routing.routing_store import ReservationKey
from cordboard.activities.routing.table_store import TableLead
from cordboard.activities.routing.waiting_line import matched
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
    AgentState,
)
from cordboard.core.errors import WrongStateError

AGENTS = ("ann", "bob", "cid")
CALLS = ("c1", "c2", "c3")
TOLERATED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
_examples = count()

whom = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ready"), whom),
        st.tuples(st.just("pause"), whom),
        st.tuples(st.just("lost"), whom),
        st.tuples(st.just("enqueue"), whom),
        st.tuples(st.just("cancel"), whom),
        st.tuples(st.just("end_call"), whom),
        st.tuples(st.just("look"), st.integers(0, 1)),
        st.tuples(st.just("reserve"), st.integers(0, 1)),
        st.tuples(st.just("grab"), st.integers(0, 17)),
        st.tuples(st.just("confirm"), st.integers(0, 30)),
        st.tuples(st.just("release"), st.integers(0, 30)),
        st.tuples(st.just("pass_time"), st.integers(0, 200)),
    ),
    min_size=10,
    max_size=60,
)


class Held:
    """A lead that was never taken from its holder: two of them are what a broken lock would bring."""

    def __init__(self, storage: MemoryStorage | PostgresStorage) -> None:
        self.tables = storage.tables
        self.change = asyncio.Event()

    def changed(self) -> asyncio.Event:
        return self.change


class World:
    """A tenant of its own, with the steps that an example may take."""

    def __init__(self, storage: MemoryStorage | PostgresStorage, clock: StandingClock) -> None:
        self.house = RoutingHouse(storage, clock)
        self.tenant = f"tenant-{next(_examples)}"
        self.leads = [TableLead(Held(storage), POLICY) for _ in range(2)]
        self.decided: list[list[ReservationKey]] = [[], []]
        self.made: list[Reservation] = []
        self.ordinals = count(1)

    def call(self, number: int) -> str:
        return f"{self.tenant}/{CALLS[number]}"

    async def play(self, taken: list[tuple[str, int]]) -> None:
        """Begin with everybody there, and take the steps."""
        for number in range(3):
            await self.ready(number)
            await self.enqueue(number)
        for name, number in taken:
            await getattr(self, name)(number)
            await self.check()

    async def ready(self, number: int) -> None:
        await self.house.ready(AGENTS[number], tenant=self.tenant)

    async def pause(self, number: int) -> None:
        await self.house.not_ready(AGENTS[number], "LUNCH", self.tenant)

    async def lost(self, number: int) -> None:
        await self.house.not_ready(AGENTS[number], "SESSION_LOST", self.tenant)

    async def enqueue(self, number: int) -> None:
        await self.house.enqueue(self.call(number), ordinal=next(self.ordinals), tenant=self.tenant)

    async def cancel(self, number: int) -> None:
        await self.house.store.cancel(wait(self.call(number), ordinal=next(self.ordinals), tenant=self.tenant))

    async def end_call(self, number: int) -> None:
        await self.house.store.end_call(self.tenant, self.call(number))

    async def look(self, number: int) -> None:
        snapshot = await self.leads[number].snapshot()
        self.decided[number] = [one for one in matched(snapshot) if one.agent.tenant == self.tenant]

    async def reserve(self, number: int) -> None:
        self.made += await self.leads[number].reserve(self.decided[number])

    async def grab(self, number: int) -> None:
        """Decide anything at all: any agent for any call, under the agent's newest epoch or the one after it."""
        agent = AgentKey(self.tenant, AGENTS[number % 3])
        async with self.house.storage.tables.transaction(self.tenant) as rows:
            known = (await rows.agents([agent])).get(agent)
        epoch = (known.epoch if known is not None else 0) + number // 9
        wanted = ReservationKey(agent, epoch, self.call(number // 3 % 3))
        self.made += await self.leads[number % 2].reserve([wanted])

    async def confirm(self, number: int) -> None:
        if not self.made:
            return
        wanted = self.made[number % len(self.made)]
        lives = (wanted.agent, wanted.epoch) in {(one.agent, one.epoch) for one in await self.living()}
        try:
            await self.house.store.confirm(key(wanted))
        except WrongStateError:
            assert not lives
        else:
            assert lives

    async def release(self, number: int) -> None:
        if self.made:
            state = (AGENT_STATE_READY, AGENT_STATE_NOT_READY, AGENT_STATE_WRAP_UP)[number % 3]
            await self.house.store.release(key(self.made[number % len(self.made)]), state, "")

    async def pass_time(self, seconds: int) -> None:
        self.house.clock.advance(seconds)
        await self.leads[0].expire()

    async def living(self) -> Sequence[Reservation]:
        async with self.house.storage.tables.transaction(self.tenant) as rows:
            return [one for agent in AGENTS for one in await rows.living(agent=AgentKey(self.tenant, agent))]

    async def check(self) -> None:
        async with self.house.storage.tables.transaction(self.tenant) as rows:
            agents = await rows.agents([AgentKey(self.tenant, agent) for agent in AGENTS])
            entries = await rows.entries([self.call(number) for number in range(3)])
        living = await self.living()
        offered = [one for one in living if one.state == ReservationState.OFFERED]
        assert len({one.agent for one in living}) == len(living)
        assert len({one.call_id for one in offered}) == len(offered)
        assert len({(one.agent, one.epoch) for one in self.made}) == len(self.made)
        assert _in(agents.values(), AGENT_STATE_RESERVED) == {one.agent for one in offered}
        confirmed = {one.agent for one in living if one.state == ReservationState.CONFIRMED}
        assert _in(agents.values(), AGENT_STATE_BUSY) == confirmed
        told_to_wait = {call for call, entry in entries.items() if entry.state == EntryState.OFFERED}
        assert told_to_wait == {one.call_id for one in offered}


def _in(agents: Iterable[Agent], state: AgentState.ValueType) -> set[AgentKey]:
    return {agent.key for agent in agents if agent.state == state}


@given(steps)
@settings(max_examples=400, deadline=None)
async def test_nobody_is_set_aside_twice_in_memory(taken: list[tuple[str, int]]) -> None:
    clock = StandingClock()
    world = World(MemoryStorage(clock), clock)
    await world.play(taken)


@given(steps)
@settings(max_examples=12, deadline=None, suppress_health_check=TOLERATED)
async def test_nobody_is_set_aside_twice_in_postgres(postgres_url: str, taken: list[tuple[str, int]]) -> None:
    clock = StandingClock()
    storage = PostgresStorage(postgres_url, clock)
    world = World(storage, clock)
    try:
        await world.play(taken)
    finally:
        await storage.close()
