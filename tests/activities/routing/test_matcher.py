"""From an agent who is ready and a call that waits to the call's signal and the desk's fact."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from routing_house import QUEUE, TENANT, RoutingHouse, eventually

from cordboard.activities.routing.courier import Courier
from cordboard.activities.routing.matcher import Matcher
from cordboard.activities.routing.notice import NoticeKind
from cordboard.activities.routing.queue_board import QueueBoard
from cordboard.activities.routing.routing_signals import MemoryRoutingSignals
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AgentState,
    AgentStateChanged,
)
from cordboard.call.v1.call_workflow_pb2 import AgentReservation, AgentWithdrawal, QueuePlace
from cordboard.core.event_message import pack, unpack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import MemoryLedger, agent_stream


class Office:
    """Matchers over one store, and what reaches calls and log."""

    def __init__(self, house: RoutingHouse) -> None:
        self.house = house
        self.signals = MemoryRoutingSignals()
        self.ledger = MemoryLedger()
        self.board = QueueBoard(self.signals, every=0.05)
        self._said = 0

    def matcher(self, number: int = 1) -> Matcher:
        courier = Courier(self.house.store, self.signals, self.ledger, f"worker/w{number}/boot-{number}")
        return Matcher(self.house.store, courier, self.board, look_every=0.05)

    @asynccontextmanager
    async def running(self, number: int = 1) -> AsyncIterator[Matcher]:
        matcher = self.matcher(number)
        task = asyncio.create_task(matcher.run())
        try:
            yield matcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ready(self, agent: str, **more: Any) -> None:
        """Have a desk say on the log that its agent is ready, and the store hear it."""
        self._said += 1
        stream = agent_stream(TENANT, agent)
        fact = pack(AgentStateChanged(agent_id=agent, state=AGENT_STATE_READY))
        event = NewEvent(stream=stream, event=fact, source=f"gateway/g1/{self._said}", source_seq=1, actor="agent")
        event.occurred_at.FromDatetime(self.house.clock())
        [seq] = await self.ledger.append([event])
        await self.house.ready(agent, seq=seq, **more)

    async def facts(self, agent: str) -> list[tuple[int, AgentState.ValueType]]:
        """Give what routing has logged of an agent: number and state of each change."""
        stream = agent_stream(TENANT, agent)
        found = [unpack(envelope) async for envelope in self.ledger.read(stream)]
        return [(one.change, one.state) for one in found if isinstance(one, AgentStateChanged) and one.change]

    async def logged(self, agent: str, *expected: AgentState.ValueType) -> None:
        """Wait until exactly these states are on record, numbered from 1."""
        wanted = list(enumerate(expected, start=1))
        async with asyncio.timeout(20):
            while await self.facts(agent) != wanted:
                await asyncio.sleep(0.01)


async def test_a_waiting_call_is_told_as_soon_as_an_agent_is_ready(house: RoutingHouse) -> None:
    office = Office(house)
    async with office.running():
        await house.enqueue("c1")
        await office.ready("ann")
        await eventually(lambda: bool(office.signals.reservations("c1")))
        assert office.signals.reservations("c1") == [AgentReservation(agent_id="ann", reservation_epoch=1)]
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED)


async def test_of_two_matchers_one_leads_and_the_other_goes_on_after_its_death(house: RoutingHouse) -> None:
    office = Office(house)
    async with office.running(1) as first, office.running(2) as second:
        await eventually(lambda: first.leads or second.leads)
        assert first.leads != second.leads
        await office.ready("ann")
        await house.enqueue("c1")
        await eventually(lambda: bool(office.signals.reservations("c1")))
        await house.break_lead()
        await office.ready("bob")
        await house.enqueue("c2")
        await eventually(lambda: bool(office.signals.reservations("c2")))
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED)
        await office.logged("bob", AGENT_STATE_READY, AGENT_STATE_RESERVED)
        assert len(office.signals.reservations("c1")) == 1


async def test_what_a_dead_leader_had_not_told_its_successor_tells(house: RoutingHouse) -> None:
    office = Office(house)
    await office.ready("ann")
    await house.enqueue("c1")
    async with house.store.lead() as lead:
        await office.matcher().step(lead)
    async with office.running(2):
        await eventually(lambda: bool(office.signals.reservations("c1")))
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED)


async def test_a_change_that_reached_the_log_under_a_dead_leader_is_not_logged_again(house: RoutingHouse) -> None:
    office = Office(house)
    await office.ready("ann")
    await house.enqueue("c1")
    async with house.store.lead() as lead:
        await office.matcher().step(lead)
        notices = await lead.notices()
        # Logged, but dead before it could say so.
        await Courier(house.store, office.signals, office.ledger, "worker/w1/boot-1")._log_states(
            [one for one in notices if one.kind == NoticeKind.STATE]
        )
    async with office.running(2):
        await eventually(lambda: bool(office.signals.reservations("c1")))
        await house.store.end_call(TENANT, "c1")
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED, AGENT_STATE_READY)


async def test_an_agent_who_does_not_answer_is_taken_out_and_the_call_is_told(house: RoutingHouse) -> None:
    office = Office(house)
    async with office.running():
        await office.ready("ann")
        await house.enqueue("c1")
        await eventually(lambda: bool(office.signals.reservations("c1")))
        house.clock.advance(25)
        withdrawn = ("c1", AgentWithdrawal(agent_id="ann", reservation_epoch=1, reason="NO_ANSWER"))
        await eventually(lambda: withdrawn in office.signals.sent)
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED, AGENT_STATE_NOT_READY)


async def test_an_agent_who_was_set_aside_for_a_call_that_is_gone_is_free_again(house: RoutingHouse) -> None:
    office = Office(house)
    office.signals.over.add("c1")
    async with office.running():
        await house.enqueue("c1")
        await office.ready("ann")
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED, AGENT_STATE_READY)


async def test_while_temporal_is_away_desks_still_see_what_happens_and_calls_are_told_later(
    house: RoutingHouse,
) -> None:
    office = Office(house)
    office.signals.away = True
    async with office.running():
        await house.enqueue("c1")
        await office.ready("ann")
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED)
        assert not office.signals.sent
        office.signals.away = False
        await eventually(lambda: bool(office.signals.reservations("c1")))


async def test_while_the_ledger_is_away_calls_are_told_and_the_log_gets_it_later(house: RoutingHouse) -> None:
    office = Office(house)
    await office.ready("ann")
    office.ledger.away = True
    async with office.running():
        await house.enqueue("c1")
        await eventually(lambda: bool(office.signals.reservations("c1")))
        await house.store.end_call(TENANT, "c1")
        office.ledger.away = False
        await office.logged("ann", AGENT_STATE_READY, AGENT_STATE_RESERVED, AGENT_STATE_READY)


async def test_calls_are_told_their_place_when_it_changes(house: RoutingHouse) -> None:
    office = Office(house)
    for call in ("c1", "c2", "c3"):
        await house.enqueue(call)
        house.clock.advance(1)
    await house.enqueue("elsewhere", queue="billing")
    async with office.running():
        told = [(call, QueuePlace(position=place)) for call, place in (("c1", 1), ("c2", 2), ("elsewhere", 1))]
        await eventually(lambda: all(one in office.signals.sent for one in told))
        await office.ready("ann", queues=frozenset({QUEUE}))
        await eventually(lambda: ("c3", QueuePlace(position=2)) in office.signals.sent)
        assert len(office.signals.sent) == len({(call, str(message)) for call, message in office.signals.sent})
