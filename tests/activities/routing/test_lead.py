"""One matcher of all leads, and another takes over when it is gone."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from routing_house import RoutingHouse, pairs

from cordboard.activities.routing.routing_store import Lead, ReservationKey
from cordboard.activities.routing.table_store import TableRoutingStore
from cordboard.activities.routing.waiting_line import matched
from cordboard.core.errors import UnavailableError


async def test_a_second_matcher_waits_until_the_first_is_done(house: RoutingHouse) -> None:
    second = asyncio.Event()

    async def stand_by() -> None:
        async with house.store.lead():
            second.set()

    async with house.store.lead() as lead:
        waiting = asyncio.create_task(stand_by())
        await lead.snapshot()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second.wait(), 0.5)
    await asyncio.wait_for(waiting, 20)


async def test_when_the_leaders_connection_breaks_another_takes_over_and_the_first_can_do_no_more(
    house: RoutingHouse,
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(house.store.lead())
        standing_by = asyncio.create_task(stack.enter_async_context(house.store.lead()))
        await house.ready("ann")
        await house.enqueue("c1")
        decided = matched(await first.snapshot())
        lost = first.changed()
        await house.break_lead()
        await asyncio.wait_for(lost.wait(), 20)
        second: Lead = await asyncio.wait_for(standing_by, 20)
        with pytest.raises(UnavailableError):
            await first.reserve(decided)
        assert pairs(await house.match(second)) == {"c1": "ann"}


async def test_the_leader_hears_of_a_change(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        changed = lead.changed()
        await house.ready("ann")
        await asyncio.wait_for(changed.wait(), 20)


async def test_reservations_that_were_decided_on_an_old_look_are_not_made(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann")
        await house.enqueue("c1")
        decided = matched(await lead.snapshot())
        assert len(await lead.reserve(decided)) == 1
        assert await lead.reserve(decided) == []
        await house.store.end_call("acme", "c1")
        await house.enqueue("c2")
        [old] = decided
        assert await lead.reserve([ReservationKey(old.agent, old.epoch, "c2")]) == []
        assert pairs(await house.match(lead)) == {"c2": "ann"}


async def test_a_batch_reserves_no_agent_and_no_call_twice(house: RoutingHouse) -> None:
    async with house.store.lead() as lead:
        await house.ready("ann")
        await house.ready("bob")
        await house.enqueue("c1")
        await house.enqueue("c2")
        one, two = matched(await lead.snapshot())
        twice = [
            one,
            ReservationKey(one.agent, one.epoch, two.call_id),
            ReservationKey(two.agent, two.epoch, one.call_id),
        ]
        assert [made.call_id for made in await lead.reserve(twice)] == [one.call_id]


async def test_tables_that_are_away_are_told_as_such_and_are_found_again(house: RoutingHouse) -> None:
    if not house.url:
        house.storage.away = True  # type: ignore[union-attr]
        with pytest.raises(UnavailableError, match="ROUTING_AWAY"):
            await house.ready("ann")
        return
    nowhere = TableRoutingStore(type(house.storage)("postgresql://cordboard@127.0.0.1:1/none"))  # type: ignore[arg-type]
    with pytest.raises(UnavailableError, match="ROUTING_AWAY"):
        await nowhere.end_call("acme", "c1")
