"""Quality of legs: measured each 5 s, logged when it matters."""

from media_far_ends import packets
from media_room import RoomHouse

from cordboard.call.v1.facts_pb2 import QualityMeasured
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.quality import Measurement, QualityWatch, TelemetryMeter
from cordboard.media_node.rtp import build_rtp


class ListedMeter:
    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self.packets = 0

    def measured(self, measurement: Measurement) -> None:
        self.measurements.append(measurement)
        TelemetryMeter().measured(measurement)

    def forwarded(self, packets: int) -> None:
        self.packets += packets
        TelemetryMeter().forwarded(packets)


class Watched(RoomHouse):
    def __init__(self) -> None:
        super().__init__()
        self.meter = ListedMeter()
        self.watch = QualityWatch(self.room, self.clock, self.meter)
        self.room.watch(self.watch)

    def stream(self, leg: MemoryLeg, count: int, *, first: int = 0, every: int = 1) -> None:
        for n, packet in enumerate(packets(count, first=first)):
            if n % every == 0:
                leg.speak([build_rtp(packet)])
            self.clock.advance(20_000)

    @property
    def logged(self) -> list[QualityMeasured]:
        return [fact.event for fact in self.facts.facts if isinstance(fact.event, QualityMeasured)]


async def test_a_good_leg_is_measured_every_5_s_and_not_logged() -> None:
    house = Watched()
    caller = house.add("caller")
    caller.connect()
    house.stream(caller, 750)
    assert [m.received for m in house.meter.measurements] == [250, 250, 250] or len(house.meter.measurements) == 3
    assert all(m.mos > 4.2 and m.loss == 0 for m in house.meter.measurements)
    assert house.logged == []
    assert house.watch.latest_mos("caller") > 4.2


async def test_a_leg_that_gets_bad_is_logged_once() -> None:
    house = Watched()
    caller = house.add("caller")
    caller.connect()
    house.stream(caller, 1_000, every=2)
    assert [event.occasion for event in house.logged] == ["threshold"]
    event = house.logged[0]
    assert event.mos < 3.6
    assert 100 < event.packets_lost < 130
    assert event.interval.seconds == 5


async def test_a_leg_that_got_better_and_bad_again_is_logged_again() -> None:
    house = Watched()
    caller = house.add("caller")
    caller.connect()
    house.stream(caller, 300, every=2)
    house.stream(caller, 600, first=300)
    house.stream(caller, 600, first=900, every=2)
    assert [event.occasion for event in house.logged] == ["threshold", "threshold"]


async def test_the_whole_of_a_leg_is_logged_when_it_ends() -> None:
    house = Watched()
    caller = house.add("caller")
    caller.connect()
    house.stream(caller, 600)
    caller.hang_up()
    event = house.logged[-1]
    assert (event.occasion, event.packets_received, event.packets_lost) == ("close", 600, 0)
    assert event.interval.seconds == 12
