"""Routing for tests: a store on a clock that stands still, and short words for its requests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from cordboard.activities.routing.agent import Agent, AgentKey, DeskWord
from cordboard.activities.routing.memory_storage import MemoryStorage
from cordboard.activities.routing.notice import Notice, NoticeKind
from cordboard.activities.routing.postgres.storage import PostgresStorage
from cordboard.activities.routing.queue_entry import QueueEntry, Wait
from cordboard.activities.routing.reservation import Reservation
from cordboard.activities.routing.routing_policy import RoutingPolicy
from cordboard.activities.routing.routing_store import Lead, ReservationKey
from cordboard.activities.routing.table_store import TableRoutingStore
from cordboard.activities.routing.waiting_line import matched
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_NOT_READY, AGENT_STATE_READY, AgentState, AgentStateChanged

TENANT = "acme"
QUEUE = "front-desk"
POLICY = RoutingPolicy(offer=timedelta(seconds=25), wrap_up=timedelta(seconds=120), busy=timedelta(hours=4))
START = datetime(2031, 5, 4, 12, tzinfo=UTC)


class StandingClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class RoutingHouse:
    """A store and what tests ask of it."""

    storage: MemoryStorage | PostgresStorage
    clock: StandingClock
    url: str = ""
    words: int = 0
    store: TableRoutingStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = TableRoutingStore(self.storage, POLICY)

    async def ready(self, agent: str, *skills: str, tenant: str = TENANT, **more: Any) -> None:
        """Have a desk say that its agent is ready."""
        await self.say(agent, AGENT_STATE_READY, *skills, tenant=tenant, **more)

    async def not_ready(self, agent: str, reason: str = "BREAK", tenant: str = TENANT, **more: Any) -> None:
        """Have a desk say that its agent takes no calls."""
        await self.say(agent, AGENT_STATE_NOT_READY, reason=reason, tenant=tenant, **more)

    async def say(
        self, agent: str, state: AgentState.ValueType, *skills: str, tenant: str = TENANT, **more: Any
    ) -> None:
        self.words += 1
        word = {"seq": self.words, "session_id": "tab-1", "skills": frozenset(skills), **more}
        await self.store.hear(DeskWord(AgentKey(tenant, agent), state=state, **word))

    async def enqueue(self, call: str, *skills: str, ordinal: int = 1, tenant: str = TENANT, **more: Any) -> None:
        """Let a call wait."""
        await self.store.enqueue(wait(call, *skills, ordinal=ordinal, tenant=tenant, **more))

    async def match(self, lead: Lead) -> list[Reservation]:
        """Do what the matcher does."""
        await lead.expire()
        return await lead.reserve(matched(await lead.snapshot()))

    async def agent(self, agent: str, tenant: str = TENANT) -> Agent:
        """Look at an agent."""
        async with self.storage.tables.transaction(tenant) as rows:
            return (await rows.agents({AgentKey(tenant, agent)}))[AgentKey(tenant, agent)]

    async def entry(self, call: str, tenant: str = TENANT) -> QueueEntry:
        """Look at a call's place."""
        async with self.storage.tables.transaction(tenant) as rows:
            return (await rows.entries({call}))[call]

    async def break_lead(self) -> None:
        """Break the leader's connection, as its death does."""
        if isinstance(self.storage, MemoryStorage):
            self.storage.drop_lead()
            return
        connection = await asyncpg.connect(self.url)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objid = $1"
            " and database = (select oid from pg_database where datname = current_database())",
            7_215_102,
        )
        await connection.close()


def wait(call: str, *skills: str, ordinal: int = 1, tenant: str = TENANT, **more: Any) -> Wait:
    """Make a call's request."""
    asked: dict[str, Any] = {"queue": QUEUE, "skills": frozenset(skills), **more}
    return Wait(tenant=tenant, call_id=call, ordinal=ordinal, **asked)


def key(reservation: Reservation) -> ReservationKey:
    """Name a reservation as its call does."""
    return ReservationKey(reservation.agent, reservation.epoch, reservation.call_id)


def pairs(made: list[Reservation]) -> dict[str, str]:
    """Show which call got which agent."""
    return {one.call_id: one.agent.agent_id for one in made}


def states(notices: Any) -> list[tuple[str, str]]:
    """Show the states that go on record, by agent."""
    facts = [AgentStateChanged.FromString(one.payload) for one in notices if one.kind == NoticeKind.STATE]
    return [(fact.agent_id, AgentState.Name(fact.state).removeprefix("AGENT_STATE_")) for fact in facts]


def calls_told(notices: Any) -> list[tuple[str, str]]:
    """Show what calls are told, by call."""
    kept: list[Notice] = [one for one in notices if one.kind != NoticeKind.STATE]
    return [(one.call_id, one.kind.value) for one in kept]


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something in memory is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
