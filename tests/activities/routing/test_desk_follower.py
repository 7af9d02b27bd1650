"""What desks say on the log reaches the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from routing_house import QUEUE, TENANT, RoutingHouse, StandingClock, eventually, key

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.desk_follower import CURSOR, DeskFollower
from cordboard.activities.routing.memory_storage import MemoryStorage
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_WRAP_UP,
    AgentStateChanged,
)
from cordboard.call.v1.decisions_pb2 import CallCompleted
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client import MemoryLedger, agent_stream, call_stream

DESK = "gateway/g1/b1"


class Log:
    """A ledger with the producers that routing's follower listens to."""

    def __init__(self, house: RoutingHouse) -> None:
        self.house = house
        self.ledger = MemoryLedger()
        self._numbers: dict[tuple[str, str], int] = {}

    async def put(self, stream: Stream, fact: Message, source: str = DESK) -> None:
        number = self._numbers[stream.id, source] = self._numbers.get((stream.id, source), 0) + 1
        event = NewEvent(stream=stream, event=pack(fact), source=source, source_seq=number, actor="agent/ann")
        event.occurred_at.FromDatetime(datetime.now(UTC))
        await self.ledger.append([event])

    async def say(self, agent: str, state: Any, source: str = DESK, **more: Any) -> None:
        await self.put(agent_stream(TENANT, agent), AgentStateChanged(agent_id=agent, state=state, **more), source)

    @asynccontextmanager
    async def followed(self, number: int = 1) -> AsyncIterator[None]:
        follower = DeskFollower(self.ledger, self.house.store, f"worker/w{number}/b{number}")
        task = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, agent: str, state: Any) -> Agent:
        async with asyncio.timeout(20):
            while True:
                async with self.house.storage.tables.transaction(TENANT) as rows:
                    found = (await rows.agents({AgentKey(TENANT, agent)})).get(AgentKey(TENANT, agent))
                if found is not None and found.state == state:
                    return found
                await asyncio.sleep(0.01)


async def test_an_agent_becomes_known_by_the_word_of_a_desk(house: RoutingHouse) -> None:
    log = Log(house)
    async with log.followed():
        await log.say("ann", AGENT_STATE_READY, skills=["clinical"], queues=[QUEUE], session_id="tab-1")
        agent = await log.until("ann", AGENT_STATE_READY)
        assert agent.skills == {"clinical"}
        assert agent.queues == {QUEUE}
        assert agent.session_id == "tab-1"


async def test_what_routing_itself_has_logged_is_not_taken_for_a_desks_word(house: RoutingHouse) -> None:
    log = Log(house)
    async with log.followed():
        await log.say("ann", AGENT_STATE_READY)
        await log.say("ann", AGENT_STATE_NOT_READY, source="worker/w1/b1")
        await log.say("ann", AGENT_STATE_BUSY)
        await log.put(agent_stream(TENANT, "ann"), AgentStateChanged(agent_id="eve", state=AGENT_STATE_READY))
        await log.say("bob", AGENT_STATE_READY)
        await log.until("bob", AGENT_STATE_READY)
        assert (await house.agent("ann")).state == AGENT_STATE_READY


async def test_a_call_that_is_over_on_the_log_frees_its_agent(house: RoutingHouse) -> None:
    log = Log(house)
    opened = await log.ledger.open_call(tenant=TENANT, request_id="r1", args_digest=b"d", vertical="clinic")
    async with log.followed(), house.store.lead() as lead:
        await log.say("ann", AGENT_STATE_READY)
        await log.until("ann", AGENT_STATE_READY)
        await house.enqueue(opened.call_id)
        [made] = await house.match(lead)
        await house.store.confirm(key(made))
        await log.put(call_stream(opened.call_id), CallCompleted(), f"workflow/{opened.call_id}")
        await log.until("ann", AGENT_STATE_WRAP_UP)


async def test_another_follower_goes_on_where_the_first_one_stopped(house: RoutingHouse) -> None:
    log = Log(house)
    async with log.followed(1):
        await log.say("ann", AGENT_STATE_READY)
        await log.until("ann", AGENT_STATE_READY)
        async with asyncio.timeout(20):
            while log.ledger._cursors[CURSOR].position < 1:
                await asyncio.sleep(0.01)
    await log.say("ann", AGENT_STATE_NOT_READY, reason="LUNCH")
    async with log.followed(2):
        assert (await log.until("ann", AGENT_STATE_NOT_READY)).reason == "LUNCH"


async def test_words_said_while_the_tables_are_away_are_not_lost() -> None:
    clock = StandingClock()
    storage = MemoryStorage(clock)
    log = Log(RoutingHouse(storage, clock))
    storage.away = True
    async with log.followed():
        await log.say("ann", AGENT_STATE_READY)
        await eventually(lambda: CURSOR in log.ledger._cursors)
        storage.away = False
        await log.until("ann", AGENT_STATE_READY)
