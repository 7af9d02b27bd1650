"""Far ends that vanish, on a virtual clock."""

from media_far_ends import packets
from media_room import RoomHouse

from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED, LEG_STATE_ENDED
from cordboard.media_node.liveness import Liveness
from cordboard.media_node.rtp import build_rtp

SECOND = 1_000_000


def watched() -> RoomHouse:
    house = RoomHouse()
    house.room.watch(Liveness(house.room, house.clock))
    return house


async def test_a_leg_of_which_nothing_is_heard_ends_as_silent_within_4_s() -> None:
    house = watched()
    caller = house.add("caller")
    caller.connect()
    for packet in packets(100):
        caller.speak([build_rtp(packet)])
        house.clock.advance(20_000)
    house.clock.advance(3_400_000)
    assert house.states() == [("caller", LEG_STATE_CONNECTED, "")]
    house.clock.advance(580_000)
    assert house.states()[1:] == [("caller", LEG_STATE_ENDED, "SILENT")]


async def test_a_leg_that_speaks_stays() -> None:
    house = watched()
    caller = house.add("caller")
    caller.connect()
    for packet in packets(20):
        caller.speak([build_rtp(packet)])
        house.clock.advance(3 * SECOND)
    assert len(house.states()) == 1


async def test_a_leg_that_is_not_connected_yet_is_left_to_its_own_deadline() -> None:
    house = watched()
    house.add("caller")
    house.clock.advance(60 * SECOND)
    assert house.states() == []


async def test_a_closed_room_is_watched_no_more() -> None:
    house = watched()
    house.add("caller").connect()
    await house.room.close("DONE")
    house.clock.advance(60 * SECOND)
    assert [reason for _, _, reason in house.states()] == ["", "DONE"]
