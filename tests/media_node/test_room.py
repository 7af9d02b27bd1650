"""A room and its legs in memory: states, routing, and what a passive leg may not do."""

import pytest
from media_far_ends import packets
from media_room import RoomHouse

from cordboard.core.errors import ConflictError, InvalidError, NotFoundError
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED, LEG_STATE_ENDED, LEG_STATE_FAILED
from cordboard.media_node.rtp import build_rtp


@pytest.fixture
def house() -> RoomHouse:
    return RoomHouse()


async def test_a_connected_leg_is_told_once(house: RoomHouse) -> None:
    caller = house.add("caller")
    caller.connect()
    caller.connect()
    assert house.states() == [("caller", LEG_STATE_CONNECTED, "")]


async def test_facts_carry_the_calls_media_time_and_epoch(house: RoomHouse) -> None:
    house.clock.advance(1_500_000)
    house.add("caller").connect()
    fact = house.facts.facts[0]
    assert (fact.call_id, fact.media_us, fact.leg_id) == ("call-1", 1_500_000, "caller")
    assert fact.event.placement_epoch == 3  # type: ignore[attr-defined]


async def test_legs_hear_whom_the_matrix_says(house: RoomHouse) -> None:
    caller, agent, boss = (house.add(name) for name in ("caller", "agent", "boss"))
    for leg in (caller, agent, boss):
        leg.connect()
    house.route(agent=["caller"], caller=["agent"], boss=["agent", "caller"])
    caller.speak([build_rtp(packet) for packet in packets(3)])
    assert (len(agent.heard), len(boss.heard), len(caller.heard)) == (3, 3, 0)


async def test_hold_is_a_matrix_without_the_rows(house: RoomHouse) -> None:
    caller, agent = house.add("caller"), house.add("agent")
    caller.connect()
    agent.connect()
    house.route(agent=["caller"], caller=["agent"])
    house.route()
    caller.speak([build_rtp(packet) for packet in packets(3)])
    assert agent.heard == []


async def test_a_leg_that_goes_is_told_with_its_reason_and_hears_nothing_more(house: RoomHouse) -> None:
    caller, agent = house.add("caller"), house.add("agent")
    caller.connect()
    agent.connect()
    house.route(agent=["caller"])
    house.room.remove("agent", "TRANSFERRED")
    caller.speak([build_rtp(packet) for packet in packets(3)])
    assert agent.heard == []
    assert house.states()[-1] == ("agent", LEG_STATE_ENDED, "TRANSFERRED")


async def test_a_leg_that_never_came_about_is_told_as_failed(house: RoomHouse) -> None:
    house.add("caller")
    house.room.ended("caller", LEG_STATE_FAILED, "DTLS_FAILED")
    assert house.states() == [("caller", LEG_STATE_FAILED, "DTLS_FAILED")]


async def test_a_leg_ends_once(house: RoomHouse) -> None:
    caller = house.add("caller")
    caller.connect()
    caller.hang_up()
    caller.hang_up()
    assert house.states()[1:] == [("caller", LEG_STATE_ENDED, "CLIENT_CLOSED")]


async def test_a_leg_cannot_be_added_twice(house: RoomHouse) -> None:
    house.add("caller")
    with pytest.raises(ConflictError, match="LEG_EXISTS"):
        house.add("caller")


async def test_an_unknown_leg_cannot_be_removed(house: RoomHouse) -> None:
    with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
        house.room.remove("nobody", "REMOVED")


async def test_a_replacing_leg_takes_over_the_place_in_the_matrix(house: RoomHouse) -> None:
    caller, agent = house.add("caller"), house.add("agent")
    caller.connect()
    agent.connect()
    house.route(agent=["caller"], caller=["agent"])
    again = house.add("caller-2", replaces="caller")
    again.connect()
    agent.speak([build_rtp(packet) for packet in packets(2)])
    again.speak([build_rtp(packet) for packet in packets(3)])
    assert (len(again.heard), len(agent.heard)) == (2, 3)
    assert ("caller", LEG_STATE_ENDED, "REPLACED") in house.states()


async def test_a_leg_takes_the_place_of_one_whose_connection_broke_before(house: RoomHouse) -> None:
    caller, agent = house.add("caller"), house.add("agent")
    agent.connect()
    house.route(agent=["caller"], caller=["agent"])
    caller.hang_up()
    again = house.add("caller-2", replaces="caller")
    again.connect()
    agent.speak([build_rtp(packet) for packet in packets(2)])
    again.speak([build_rtp(packet) for packet in packets(3)])
    assert (len(again.heard), len(agent.heard)) == (2, 3)


async def test_a_passive_leg_cannot_be_routed_to_anybody(house: RoomHouse) -> None:
    house.add("copilot", passive=True)
    house.add("agent")
    with pytest.raises(InvalidError, match="PASSIVE_LEG"):
        house.route(agent=["copilot"])


async def test_a_passive_leg_is_not_heard_even_when_it_was_routed_before_it_came(house: RoomHouse) -> None:
    agent = house.add("agent")
    agent.connect()
    house.route(agent=["copilot"])
    copilot = house.add("copilot", passive=True)
    copilot.connect()
    copilot.speak([build_rtp(packet) for packet in packets(3)])
    house.room.inject("copilot", [build_rtp(packet) for packet in packets(3)])
    assert agent.heard == []


async def test_a_passive_leg_hears(house: RoomHouse) -> None:
    caller, copilot = house.add("caller"), house.add("copilot", passive=True)
    caller.connect()
    copilot.connect()
    house.route(copilot=["caller"])
    caller.speak([build_rtp(packet) for packet in packets(3)])
    assert len(copilot.heard) == 3


async def test_a_matrix_that_lets_a_leg_hear_itself_changes_nothing(house: RoomHouse) -> None:
    caller, agent = house.add("caller"), house.add("agent")
    caller.connect()
    agent.connect()
    house.route(agent=["caller"])
    with pytest.raises(InvalidError, match="ROUTING_INVALID"):
        house.route(agent=["agent"])
    caller.speak([build_rtp(packet) for packet in packets(1)])
    assert len(agent.heard) == 1


async def test_closing_the_room_ends_all_legs_and_releases_them(house: RoomHouse) -> None:
    legs = [house.add(name) for name in ("caller", "agent")]
    await house.room.close("DONE")
    assert [(leg, reason) for leg, _, reason in house.states()] == [("caller", "DONE"), ("agent", "DONE")]
    assert all(leg.closed for leg in legs)
