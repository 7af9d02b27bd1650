"""Prepared sounds: paced, looped, and silent as soon as somebody is heard."""

import numpy as np
import pytest
from media_far_ends import packets
from media_room import RoomHouse

from cordboard.call.v1.facts_pb2 import PlayoutEnded, PlayoutStarted
from cordboard.core.errors import ConflictError
from cordboard.media_node.opus import HearingDecoder, level_dbov
from cordboard.media_node.prepared_sounds import prepared_sound
from cordboard.media_node.rtp import RtpPacket, build_rtp, parse_rtp

SECOND = 1_000_000


def on_hold() -> tuple[RoomHouse, list[bytes]]:
    house = RoomHouse()
    caller = house.add("caller")
    caller.connect()
    return house, caller.heard


def parsed(heard: list[bytes]) -> list[RtpPacket]:
    found = [parse_rtp(data) for data in heard]
    return [packet for packet in found if packet is not None]


@pytest.mark.parametrize("name", ["hold_music", "ring_back", "beep"])
def test_a_sound_is_audible_and_no_louder_than_speech(name: str) -> None:
    decoder = HearingDecoder()
    samples = np.concatenate([decoder.decode(payload) for payload in prepared_sound(name)])
    assert -45 < level_dbov(samples) < -15
    assert prepared_sound(name) is prepared_sound(name)


async def test_a_looped_sound_goes_on_without_a_gap_until_it_is_flushed() -> None:
    house, heard = on_hold()
    house.room.sounds.play("p1", ["caller"], "ring_back", loop=True)
    house.clock.advance(20 * SECOND)
    sent = parsed(heard)
    assert len(sent) == 1_000
    assert [packet.sequence for packet in sent] == [(sent[0].sequence + n) & 0xFFFF for n in range(1_000)]
    assert {sent[n + 1].timestamp - sent[n].timestamp for n in range(999)} == {960}
    house.room.flush("p1")
    house.clock.advance(SECOND)
    assert len(heard) == 1_000
    told = [fact.event for fact in house.facts.facts if isinstance(fact.event, PlayoutStarted | PlayoutEnded)]
    assert [(type(event), event.play_id, event.leg_id) for event in told] == [
        (PlayoutStarted, "p1", "caller"),
        (PlayoutEnded, "p1", "caller"),
    ]


async def test_a_sound_that_is_not_looped_ends_by_itself() -> None:
    house, heard = on_hold()
    house.room.sounds.play("p1", ["caller"], "ring_back", loop=False)
    house.clock.advance(60 * SECOND)
    assert len(heard) == 300
    (ended,) = [fact.event for fact in house.facts.facts if isinstance(fact.event, PlayoutEnded)]
    assert (ended.flushed, ended.sent.ToMilliseconds()) == (False, 6_000)


async def test_somebody_who_is_heard_takes_the_place_of_the_sound_and_leaves_it_again() -> None:
    house, heard = on_hold()
    agent = house.add("agent")
    house.room.sounds.play("p1", ["caller"], "hold_music", loop=True)
    house.route(caller=["agent"])
    house.clock.advance(SECOND)
    assert len(heard) == 50
    agent.connect()
    house.clock.advance(SECOND)
    assert len(heard) == 50
    agent.speak([build_rtp(packet) for packet in packets(3)])
    assert len(heard) == 53
    house.route()
    house.clock.advance(SECOND)
    assert len(heard) == 103


async def test_nobody_else_hears_it_and_it_ends_with_the_room() -> None:
    house, heard = on_hold()
    other = house.add("other")
    other.connect()
    house.room.sounds.play("p1", ["caller"], "hold_music", loop=True)
    house.clock.advance(SECOND)
    assert other.heard == []
    await house.room.close("DONE")
    house.clock.advance(SECOND)
    assert len(heard) == 50


async def test_an_id_names_one_play_at_a_time() -> None:
    house, _ = on_hold()
    house.room.sounds.play("p1", ["caller"], "hold_music", loop=True)
    with pytest.raises(ConflictError, match="PLAY_EXISTS"):
        house.room.sounds.play("p1", ["caller"], "ring_back", loop=True)
    house.room.flush("p1")
    house.room.sounds.play("p1", ["caller"], "ring_back", loop=True)
    house.room.flush("")
