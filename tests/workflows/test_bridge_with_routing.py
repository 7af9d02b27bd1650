"""Calls and routing together: what the one says is what the other waits for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from bridge_steps import Agent
from call_steps import VOICE, assert_nothing_left, detach, engaged_call, hang_up
from temporal import TENANT, TOOLS, House, PlacedCall, activities_of, new_house
from temporalio.testing import WorkflowEnvironment

from cordboard.activities.call_signals import TemporalCallSignals
from cordboard.activities.call_worker import call_worker
from cordboard.activities.fact_relay import FactRelay
from cordboard.activities.routing.memory_storage import MemoryStorage
from cordboard.activities.routing.routing_policy import RoutingPolicy
from cordboard.activities.routing.routing_service import RoutingService
from cordboard.activities.routing.routing_signals import TemporalRoutingSignals
from cordboard.activities.routing.table_store import TableRoutingStore
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_READY, AgentState, AgentStateChanged
from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_QUEUED,
    TALK_OUTCOME_WANTS_HUMAN,
)
from cordboard.call.v1.call_service_pb2 import RemoveLegRequest, RemoveLegResponse
from cordboard.call.v1.call_workflow_pb2 import RemoveLegInput
from cordboard.call.v1.decisions_pb2 import AgentAlerted
from cordboard.call.v1.facts_pb2 import ConversationEnded
from cordboard.core.event_message import pack, unpack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import agent_stream
from cordboard.workflows import names


class Desks:
    """Desks of agents who have the skill that the calls of these tests ask for."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._words: Counter[str] = Counter()

    async def ready(self, agent: str) -> None:
        """A desk says that its agent is ready."""
        self._words[agent] += 1
        fact = AgentStateChanged(agent_id=agent, state=AGENT_STATE_READY, skills=["clinical"], session_id="tab-1")
        event = NewEvent(
            stream=agent_stream(TENANT, agent),
            event=pack(fact),
            source="gateway/g1/b1",
            source_seq=self._words[agent],
            actor=f"agent/{agent}",
        )
        event.occurred_at.FromDatetime(datetime.now(UTC))
        await self._house.ledger.append([event])

    async def states(self, agent: str) -> list[str]:
        """Show what routing has put on record about an agent."""
        read = self._house.ledger.read(agent_stream(TENANT, agent))
        facts = [fact async for one in read if isinstance(fact := unpack(one), AgentStateChanged) and fact.change]
        return [AgentState.Name(fact.state).removeprefix("AGENT_STATE_") for fact in facts]

    async def until(self, agent: str, *states: str) -> None:
        """Wait until that is what is on record."""
        async with asyncio.timeout(20):
            while await self.states(agent) != list(states):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def routed_house(environment: WorkflowEnvironment) -> AsyncIterator[tuple[House, Desks]]:
    house = new_house(environment)
    store = TableRoutingStore(MemoryStorage(), RoutingPolicy())
    routing = RoutingService(store, house.ledger, "worker/w1/b1")
    others = [one for one in activities_of(house) if not one.__name__.startswith("routing_")]
    async with call_worker(house.client, [*others, *routing.activities(), *TOOLS]):
        relay = FactRelay(house.ledger, TemporalCallSignals(house.client), "worker/w1/b1", linger=0.05)
        running = [
            asyncio.create_task(relay.run()),
            asyncio.create_task(routing.run(TemporalRoutingSignals(house.client))),
        ]
        yield house, Desks(house)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
async def routed(real_time_server: WorkflowEnvironment) -> AsyncIterator[tuple[House, Desks]]:
    """Calls whose routing is the real one."""
    async with routed_house(real_time_server) as opened:
        yield opened


async def rung_agent(call: PlacedCall, number: int) -> str:
    """Wait until the call has rung so many agents, and name the last."""
    alerted: list[str] = []
    async with asyncio.timeout(20):
        while len(alerted) < number:
            await asyncio.sleep(0.02)
            alerted = [one.agent_id for one in await call.events() if isinstance(one, AgentAlerted)]
    return alerted[-1]


async def test_a_declined_call_is_rung_at_the_next_desk_and_leaves_work_to_finish(routed: tuple[House, Desks]) -> None:
    house, desks = routed
    await desks.ready("ann")
    call = await engaged_call(house)
    await call.fact(ConversationEnded(outcome=TALK_OUTCOME_WANTS_HUMAN, skills=["clinical"]), VOICE)
    assert await rung_agent(call, 1) == "ann"
    await detach(call)
    await Agent(call, "ann").answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await desks.ready("bob")
    await call.until(lambda view: view.phase == PHASE_AGENT_ALERTING)
    bob = Agent(call, "bob")
    await bob.answer()
    await bob.join()
    await bob.connected()
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await desks.until("bob", "READY", "RESERVED", "BUSY")
    remove = RemoveLegInput(actor="agent/bob", request=RemoveLegRequest(leg_id=bob.leg_id, reason="AGENT_HUNG_UP"))
    await call.update(names.UPDATE_REMOVE_LEG, remove, RemoveLegResponse)
    await bob.gone("AGENT_HUNG_UP")
    await call.handle.result()
    await assert_nothing_left(call)
    await desks.until("bob", "READY", "RESERVED", "BUSY", "WRAP_UP")
    assert await desks.states("ann") == ["READY", "RESERVED", "NOT_READY"]


async def test_a_caller_who_leaves_while_a_desk_rings_gives_the_agent_back(routed: tuple[House, Desks]) -> None:
    house, desks = routed
    await desks.ready("ann")
    call = await engaged_call(house)
    await call.fact(ConversationEnded(outcome=TALK_OUTCOME_WANTS_HUMAN, skills=["clinical"]), VOICE)
    await rung_agent(call, 1)
    await hang_up(call)
    await call.handle.result()
    await desks.until("ann", "READY", "RESERVED", "READY")


async def test_two_callers_share_one_agent_one_after_the_other(routed: tuple[House, Desks]) -> None:
    house, desks = routed
    first, second = await engaged_call(house), await engaged_call(house)
    for call in (first, second):
        await call.fact(ConversationEnded(outcome=TALK_OUTCOME_WANTS_HUMAN, skills=["clinical"]), VOICE)
        await call.until(lambda view: view.phase == PHASE_QUEUED)
    await desks.ready("ann")
    await rung_agent(first, 1)
    ann = Agent(first, "ann")
    await ann.answer()
    await ann.join()
    await ann.connected()
    await first.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    assert (await second.view()).phase == PHASE_QUEUED
    await hang_up(first)
    await first.handle.result()
    await desks.ready("ann")
    await second.until(lambda view: view.phase == PHASE_AGENT_ALERTING and view.agent_id == "ann")
    await hang_up(second)
    await second.handle.result()
