"""What is captured of a room: every leg's packets as they came, in segments, with the pauses."""

import itertools

import pytest
from media_far_ends import packets
from media_room import RoomHouse

from cordboard.call.v1.facts_pb2 import CaptureEnded
from cordboard.core.errors import WrongStateError
from cordboard.media.v1.capture_pb2 import CaptureSegment
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.recording import Recording
from cordboard.media_node.rtp import build_rtp

SECOND = 1_000_000


class Recorded(RoomHouse):
    """A room with a recording, and the segments that were handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.segments: list[CaptureSegment] = []
        self.ends: list[CaptureEnded] = []
        self.recording = Recording(self.room, self.clock, self)
        self.room.watch(self.recording)

    def end(self, call_id: str, ended: CaptureEnded, media_us: int) -> None:
        self.ends.append(ended)

    def store(self, tenant: str, segment: CaptureSegment) -> None:
        assert tenant == "clinic"
        self.segments.append(segment)

    def joined(self, name: str) -> MemoryLeg:
        leg = self.add(name)
        leg.connect()
        return leg

    def stream(self, leg: MemoryLeg, first: int, count: int) -> None:
        for packet in packets(count, first=first):
            leg.speak([build_rtp(packet)])
            self.clock.advance(20_000)

    def sequences(self, leg_id: str) -> list[int]:
        return [p.sequence for segment in self.segments if segment.leg_id == leg_id for p in segment.packets]


async def test_nothing_is_captured_before_the_start() -> None:
    house = Recorded()
    house.stream(house.joined("caller"), 0, 500)
    await house.room.close("DONE")
    assert house.segments == []


async def test_every_packet_between_start_and_stop_is_in_one_segment() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.stream(caller, 0, 10)
    house.recording.start()
    house.stream(caller, 10, 700)
    house.recording.halt()
    house.stream(caller, 710, 10)
    assert house.sequences("caller") == list(range(10, 710))
    assert [segment.segment for segment in house.segments] == [0, 1, 2]


async def test_segments_follow_one_another_in_media_time() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.stream(caller, 0, 700)
    house.recording.halt()
    times = [(segment.started_us, segment.ended_us) for segment in house.segments]
    assert times == [(0, 5 * SECOND), (5 * SECOND, 10 * SECOND), (10 * SECOND, 14 * SECOND)]


async def test_a_packet_is_kept_as_it_came() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.clock.advance(123_000)
    said = packets(1)[0]._replace(marker=True)
    caller.speak([build_rtp(said)])
    house.recording.halt()
    kept = house.segments[0].packets[0]
    assert (kept.arrival_us, kept.sequence, kept.timestamp, kept.ssrc) == (123_000, said.sequence, said.timestamp, 5)
    assert (kept.payload_type, kept.marker, kept.payload) == (96, True, said.payload)


async def test_what_is_injected_for_a_voice_agent_is_captured_too() -> None:
    house = Recorded()
    house.joined("ai")
    house.recording.start()
    house.room.inject("ai", [build_rtp(packet) for packet in packets(3)])
    house.recording.halt()
    assert len(house.sequences("ai")) == 3


async def test_music_for_a_caller_who_waits_is_captured_of_nobody() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.room.sounds.play("p1", ["caller"], "hold_music", loop=True)
    house.stream(caller, 0, 10)
    house.clock.advance(3 * SECOND)
    await house.room.close("DONE")
    assert len(caller.heard) > 100
    assert house.sequences("caller") == list(range(10))
    assert {segment.leg_id for segment in house.segments} == {"caller"}


async def test_a_leg_that_joins_later_is_captured_from_then_on() -> None:
    house = Recorded()
    house.recording.start()
    house.clock.advance(SECOND)
    house.stream(house.joined("agent"), 0, 10)
    house.recording.halt()
    assert house.segments[0].started_us == SECOND
    assert len(house.sequences("agent")) == 10


async def test_a_leg_that_vanishes_loses_nothing_of_what_came() -> None:
    house = Recorded()
    caller, agent = house.joined("caller"), house.joined("agent")
    house.recording.start()
    house.stream(caller, 0, 10)
    house.stream(agent, 0, 10)
    agent.hang_up()
    assert len(house.sequences("agent")) == 10
    house.stream(caller, 10, 10)
    await house.room.close("DONE")
    assert house.sequences("caller") == list(range(20))


async def test_a_pause_leaves_its_packets_out_and_its_time_in() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.stream(caller, 0, 50)
    house.recording.pause()
    house.stream(caller, 50, 50)
    house.recording.resume()
    house.stream(caller, 100, 50)
    house.recording.halt()
    assert house.sequences("caller") == [*range(50), *range(100, 150)]
    pauses = [(pause.started_us, pause.ended_us) for segment in house.segments for pause in segment.pauses]
    assert pauses == [(SECOND, 2 * SECOND)]


async def test_a_pause_longer_than_a_segment_is_kept_whole() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.stream(caller, 0, 50)
    house.recording.pause()
    house.stream(caller, 50, 700)
    house.recording.resume()
    house.stream(caller, 750, 50)
    house.recording.halt()
    pauses = [(pause.started_us, pause.ended_us) for segment in house.segments for pause in segment.pauses]
    assert pauses[0][0] == SECOND
    assert pauses[-1][1] == 15 * SECOND
    assert all(before[1] == after[0] for before, after in itertools.pairwise(pauses))


async def test_voice_agents_are_gated_while_it_is_paused() -> None:
    house = Recorded()
    house.recording.start()
    assert not house.room.gated
    house.recording.pause()
    assert house.room.gated
    house.recording.resume()
    assert not house.room.gated


async def test_stopping_while_paused_lifts_the_gate() -> None:
    house = Recorded()
    house.recording.start()
    house.recording.pause()
    house.recording.halt()
    assert not house.room.gated


async def test_only_a_running_recording_can_be_paused() -> None:
    house = Recorded()
    with pytest.raises(WrongStateError, match="NOT_RECORDING"):
        house.recording.pause()
    with pytest.raises(WrongStateError, match="NOT_RECORDING"):
        house.recording.resume()


async def test_a_recording_that_is_started_again_goes_on_with_its_numbers() -> None:
    house = Recorded()
    caller = house.joined("caller")
    house.recording.start()
    house.stream(caller, 0, 50)
    house.recording.halt()
    house.stream(caller, 50, 50)
    house.recording.start()
    house.stream(caller, 100, 50)
    house.recording.halt()
    assert [(segment.segment, segment.started_us) for segment in house.segments] == [(0, 0), (1, 2 * SECOND)]


async def test_at_the_end_it_is_told_how_many_segments_there_are_of_each_leg() -> None:
    house = Recorded()
    caller, agent = house.joined("caller"), house.joined("agent")
    house.recording.start()
    house.stream(caller, 0, 300)
    house.stream(agent, 0, 10)
    agent.hang_up()
    await house.room.close("DONE")
    [ended] = house.ends
    told = {leg.leg_id: leg.segments for leg in ended.legs}
    assert told == {name: len([one for one in house.segments if one.leg_id == name]) for name in told}
    assert told == {"caller": 2, "agent": 1}
