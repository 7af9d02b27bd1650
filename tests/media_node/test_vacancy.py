"""Rooms that everybody left and nobody closes."""

import asyncio

from media_far_ends import WAIT
from media_house import CALL, NodeHouse
from media_room import RoomHouse

from cordboard.call.v1.facts_pb2 import LegStateChanged
from cordboard.media_node.clock import VirtualClock
from cordboard.media_node.node import ORPHANED
from cordboard.media_node.vacancy import VACANT_US, Vacancy

SECOND = 1_000_000


def watched() -> tuple[RoomHouse, list[int]]:
    house = RoomHouse()
    told: list[int] = []
    house.room.watch(Vacancy(house.room, house.clock, lambda: told.append(house.room.media_us())))
    return house, told


def test_a_room_without_people_is_noticed_once_after_five_minutes() -> None:
    house, told = watched()
    house.clock.advance(VACANT_US - SECOND)
    assert told == []
    house.clock.advance(VACANT_US)
    assert told == [VACANT_US]


async def test_a_person_in_the_room_keeps_it_and_the_time_counts_from_their_leaving() -> None:
    house, told = watched()
    house.add("caller")
    house.clock.advance(10 * VACANT_US)
    house.room.remove("caller", "GONE")
    house.clock.advance(VACANT_US - SECOND)
    assert told == []
    house.clock.advance(10 * SECOND)
    assert len(told) == 1


async def test_a_listener_that_is_no_person_keeps_no_room() -> None:
    house, told = watched()
    house.add("copilot", passive=True)
    house.clock.advance(VACANT_US)
    assert len(told) == 1


async def test_the_node_closes_a_room_that_nobody_closes_and_tells_why() -> None:
    clock = VirtualClock()
    house = NodeHouse(clock)
    await house.open_room()
    await house.add_port()
    clock.advance(VACANT_US)
    async with asyncio.timeout(WAIT):
        while house.node.rooms():
            await asyncio.sleep(0)
    ends = [fact.event for fact in house.facts.facts if isinstance(fact.event, LegStateChanged)]
    assert [(event.leg_id, event.reason) for event in ends][-1] == ("ai", ORPHANED)
    assert house.node._calls[CALL].room is None
    await house.close()
