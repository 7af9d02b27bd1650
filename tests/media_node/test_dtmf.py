"""Key presses on the wire, both ways."""

import struct
from itertools import pairwise

import pytest
from media_far_ends import BrowserFarEnd, RecordingHost, packets
from media_room import RoomHouse

from cordboard.call.v1.facts_pb2 import DtmfReceived
from cordboard.core.errors import InvalidError, UnimplementedError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_TRANSPORT_MEMORY, LEG_TRANSPORT_WEBRTC
from cordboard.media_node.clock import LoopClock
from cordboard.media_node.dtmf import DigitListener, press
from cordboard.media_node.egress import OutStream
from cordboard.media_node.leg import LegIdentity
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.randomness import SeededRandomness
from cordboard.media_node.rtp import EVENT_TYPE, RtpPacket, build_rtp, parse_rtp
from cordboard.media_node.webrtc.addresses import LOOPBACK
from cordboard.media_node.webrtc.factory import WebRtcLegs

EVENTS = "a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"


def event(
    digit: int, timestamp: int, duration: int = 960, *, end: bool = False, first: bool = False, sequence: int = 0
) -> RtpPacket:
    payload = struct.pack("!BBH", digit, 0x80 if end else 0, duration)
    return RtpPacket(110, first, sequence, timestamp, 5, payload)


def heard(*events: RtpPacket) -> str:
    listener = DigitListener()
    return "".join(listener.take(packet) for packet in events)


def test_all_packets_of_a_press_are_one_press() -> None:
    whole = [event(4, 1_000, 960 * n, first=n == 1) for n in range(1, 6)]
    assert heard(*whole, *[event(4, 1_000, 4_800, end=True)] * 3) == "4"


def test_a_press_is_known_by_any_one_of_its_packets() -> None:
    assert heard(event(10, 1_000, 4_800, end=True)) == "*"
    assert heard(event(11, 1_000, 1_920)) == "#"


def test_the_same_key_again_is_another_press() -> None:
    assert heard(event(7, 1_000, 4_800, end=True), event(7, 9_000, first=True)) == "77"
    # Even when every end of the first press was lost.
    assert heard(event(7, 1_000), event(7, 9_000, first=True)) == "77"


def test_late_packets_of_an_earlier_press_are_nothing_new() -> None:
    assert heard(event(1, 1_000, first=True), event(2, 9_000, first=True), event(1, 1_000, 4_800, end=True)) == "12"


def test_a_key_that_is_held_for_long_is_pressed_once() -> None:
    held = [event(3, 1_000, first=True), event(3, 1_000, 0xFFFF), event(3, 1_000 + 0xFFFF, 960)]
    assert heard(*held, event(3, 1_000 + 0xFFFF, 4_800, end=True)) == "3"


def test_timestamps_may_wrap() -> None:
    assert heard(event(1, 0xFFFF_F000, 4_800, end=True), event(2, 0x0000_1000, first=True)) == "12"


@pytest.mark.parametrize("payload", [b"", b"\x05", b"\x10\x00\x03\xc0", b"\xff\x00\x03\xc0"])
def test_what_is_no_key_is_nothing(payload: bytes) -> None:
    assert heard(RtpPacket(110, True, 0, 1_000, 5, payload)) == ""


def test_a_press_begins_with_a_marker_grows_and_ends_three_times() -> None:
    sent = list(press("#"))
    assert [first for first, _ in sent] == [True] + [False] * 7
    fields = [struct.unpack("!BBH", payload) for _, payload in sent]
    assert {code for code, _, _ in fields} == {11}
    assert [duration for _, _, duration in fields] == [960, 1_920, 2_880, 3_840, 4_800, 4_800, 4_800, 4_800]
    assert [bool(flags & 0x80) for _, flags, _ in fields] == [False] * 5 + [True] * 3


def told(house: RoomHouse) -> list[tuple[str, str, int]]:
    events = [fact.event for fact in house.facts.facts]
    return [(event.leg_id, event.digit, event.press) for event in events if isinstance(event, DtmfReceived)]


async def test_presses_are_facts_numbered_by_leg() -> None:
    house = RoomHouse()
    caller, agent = house.add("caller"), house.add("agent")
    caller.press("12")
    agent.press("#")
    assert told(house) == [("caller", "1", 1), ("caller", "2", 2), ("agent", "#", 1)]


async def test_a_paused_recording_and_a_passive_leg_keep_presses_to_themselves() -> None:
    house = RoomHouse()
    caller, copilot = house.add("caller"), house.add("copilot", passive=True)
    copilot.press("1")
    house.room.gated = True
    caller.press("4")
    house.room.gated = False
    caller.press("5")
    assert told(house) == [("caller", "5", 1)]


async def test_events_are_counted_as_received_and_heard_and_kept_by_nobody() -> None:
    house = RoomHouse()
    caller, agent = house.add("caller"), house.add("agent")
    caller.connect()
    agent.connect()
    kept: list[bytes] = []
    house.room.plane.tap("caller", "test", lambda _, batch: kept.extend(one.data for one in batch))
    house.route(agent=["caller"])
    said = packets(4)
    pressed = [said[1]._replace(payload_type=EVENT_TYPE), said[2]._replace(payload_type=EVENT_TYPE)]
    caller.speak([build_rtp(packet) for packet in (said[0], *pressed, said[3])])
    reception = house.room.counters("caller").reception
    assert (reception.received, reception.lost) == (4, 0)
    assert len(agent.heard) == len(kept) == 2


def keyed_leg(house: RoomHouse) -> MemoryLeg:
    identity = LegIdentity("phone", LEG_ROLE_CALLER, LEG_TRANSPORT_MEMORY)
    streams = [OutStream(1, 111, event_type=101), OutStream(2, 111, event_type=101)]
    leg = MemoryLeg(identity, house.room, house.clock, streams)
    house.room.add(leg)
    leg.connect()
    return leg


async def test_keys_are_pressed_one_after_the_other_beside_what_the_leg_hears() -> None:
    house = RoomHouse()
    leg, speaker = keyed_leg(house), house.add("speaker")
    speaker.connect()
    house.route(phone=["speaker"])
    house.room.press("phone", "1#")
    for packet in packets(50):
        speaker.speak([build_rtp(packet)])
        house.clock.advance(20_000)
    sent = [parsed for data in leg.heard if (parsed := parse_rtp(data)) is not None]
    keys = [packet for packet in sent if packet.payload_type == 101]
    assert {packet.ssrc for packet in keys} == {2}
    assert [packet.payload[0] for packet in keys] == [1] * 8 + [11] * 8
    assert [later.sequence - earlier.sequence for earlier, later in pairwise(keys)] == [1] * 15
    assert len({packet.timestamp for packet in keys}) == 2
    assert heard(*keys) == "1#"
    assert len([packet for packet in sent if packet.payload_type == 111]) == 50


async def test_a_leg_that_goes_is_pressed_no_more() -> None:
    house = RoomHouse()
    leg = keyed_leg(house)
    house.room.press("phone", "123")
    house.clock.advance(40_000)
    sent = len(leg.heard)
    house.room.remove("phone", "DONE")
    house.clock.advance(1_000_000)
    assert len(leg.heard) == sent == 2


async def test_what_cannot_be_pressed_is_refused() -> None:
    house = RoomHouse()
    keyed_leg(house)
    house.add("deaf")
    with pytest.raises(UnimplementedError, match="DTMF_UNSUPPORTED"):
        house.room.press("deaf", "1")
    for digits in ("", "12x", "1" * 65):
        with pytest.raises(InvalidError, match="DTMF_INVALID"):
            house.room.press("phone", digits)


async def keypad_offer(browser: BrowserFarEnd) -> str:
    """An offer with telephone events, as Chromium makes it and aiortc does not."""
    lines = (await browser.offer()).split("\r\n")
    out = [f"{line} 110 126" if line.startswith("m=audio") else line for line in lines]
    return "\r\n".join(out).replace("a=rtpmap:96 opus/48000/2\r\n", "a=rtpmap:96 opus/48000/2\r\n" + EVENTS)


async def test_keys_of_a_webrtc_leg_are_negotiated_and_heard_at_both_clock_rates() -> None:
    browser, host = BrowserFarEnd(listening=1), RecordingHost()
    legs = WebRtcLegs(LoopClock(), SeededRandomness(1), [LOOPBACK])
    identity = LegIdentity("caller", LEG_ROLE_CALLER, LEG_TRANSPORT_WEBRTC)
    leg, answer = await legs.answer(identity, await keypad_offer(browser), host)
    assert answer.count("a=rtpmap:110 telephone-event/48000\r\n") == 2
    assert answer.count(" 96 110 126\r\n") == 2
    assert {stream.event_type for stream in leg.streams} == {110}
    leg.start()
    await browser.accept(answer.replace(EVENTS, ""))
    await host.until(lambda host: bool(host.connections))
    presses = [event(9, 1_000, end=True, sequence=n) for n in range(3)]
    presses += [event(10, 9_000, end=True, sequence=3)._replace(payload_type=126)]
    await browser.speak([*presses, *packets(1, first=4)])
    await host.until(lambda host: len(host.packets) == 5)
    assert host.digits == "9*"
    assert [packet.payload_type for packet in host.packets] == [EVENT_TYPE] * 4 + [96]
    await leg.close()
    await browser.close()
