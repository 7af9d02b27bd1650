"""The data plane's routing: who is sent what."""

from collections.abc import Sequence

from media_far_ends import packets

from cordboard.media_node.data_plane import Tapped
from cordboard.media_node.egress import OutStream
from cordboard.media_node.forwarding import ForwardingPlane
from cordboard.media_node.rtp import RtpPacket, build_rtp, parse_rtp


class ListedWire:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[RtpPacket] = []

    def send(self, batch: Sequence[bytes]) -> None:
        self.sent += [packet for data in batch if (packet := parse_rtp(data)) is not None]


def plane_with(*legs: str, slots: int = 2) -> tuple[ForwardingPlane, dict[str, ListedWire]]:
    plane = ForwardingPlane()
    wires = {leg: ListedWire() for leg in legs}
    for number, (leg, wire) in enumerate(wires.items()):
        streams = [OutStream(ssrc=100 * (number + 1) + slot, payload_type=111) for slot in range(slots)]
        plane.open(leg, wire, streams, may_speak=True)
    return plane, wires


def speak(plane: ForwardingPlane, leg: str, said: list[RtpPacket], arrival_us: int = 0) -> None:
    plane.receive(leg, [build_rtp(packet) for packet in said], arrival_us)


def test_listeners_get_the_payloads_byte_for_byte() -> None:
    plane, wires = plane_with("caller", "agent", "boss")
    plane.set_routes({"agent": ["caller"], "boss": ["caller"]})
    said = packets(4)
    speak(plane, "caller", said)
    for listener in ("agent", "boss"):
        assert [packet.payload for packet in wires[listener].sent] == [packet.payload for packet in said]


def test_nobody_else_gets_anything() -> None:
    plane, wires = plane_with("caller", "agent")
    plane.set_routes({"agent": ["caller"]})
    speak(plane, "agent", packets(4))
    assert wires["caller"].sent == []


def test_header_extensions_of_the_source_are_stripped() -> None:
    plane, wires = plane_with("caller", "agent")
    plane.set_routes({"agent": ["caller"]})
    plain = build_rtp(packets(1)[0])
    extended = bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde\x00\x01\x10\xaa\x00\x00" + plain[12:]
    plane.receive("caller", [extended], 0)
    assert wires["agent"].sent[0].payload == packets(1)[0].payload


def test_two_sources_are_heard_on_two_slots() -> None:
    plane, wires = plane_with("caller", "agent", "boss")
    plane.set_routes({"boss": ["agent", "caller"]})
    speak(plane, "caller", packets(2))
    speak(plane, "agent", packets(2, ssrc=6))
    assert {packet.ssrc for packet in wires["boss"].sent} == {300, 301}


def test_a_source_stays_on_its_slot_when_another_leaves() -> None:
    plane, wires = plane_with("caller", "agent", "boss")
    plane.set_routes({"boss": ["agent", "caller"]})
    speak(plane, "caller", packets(1))
    plane.set_routes({"boss": ["caller"]})
    speak(plane, "caller", packets(2)[1:])
    assert {packet.ssrc for packet in wires["boss"].sent} == {301}
    assert [packet.sequence for packet in wires["boss"].sent] == [0, 1]


def test_sources_beyond_the_slots_are_counted_as_unheard() -> None:
    plane, _ = plane_with("caller", "agent", "boss", slots=1)
    plane.set_routes({"boss": ["agent", "caller"]})
    assert plane.counters("boss").unheard_sources == 1


def test_a_held_and_retrieved_source_goes_on_without_a_gap_in_sequence_numbers() -> None:
    plane, wires = plane_with("caller", "agent")
    said = packets(9)
    plane.set_routes({"agent": ["caller"]})
    speak(plane, "caller", said[:3])
    plane.set_routes({})
    speak(plane, "caller", said[3:6])
    plane.set_routes({"agent": ["caller"]})
    speak(plane, "caller", said[6:])
    assert [packet.sequence for packet in wires["agent"].sent] == [0, 1, 2, 3, 4, 5]
    assert [packet.marker for packet in wires["agent"].sent] == [True, False, False, True, False, False]


def test_routes_may_be_set_before_the_legs_are_there() -> None:
    plane = ForwardingPlane()
    plane.set_routes({"agent": ["caller"]})
    wire = ListedWire()
    plane.open("agent", wire, [OutStream(1, 111)], may_speak=True)
    plane.open("caller", ListedWire(), [], may_speak=True)
    speak(plane, "caller", packets(1))
    assert len(wire.sent) == 1


def test_repeats_are_not_forwarded() -> None:
    plane, wires = plane_with("caller", "agent")
    plane.set_routes({"agent": ["caller"]})
    speak(plane, "caller", packets(3))
    speak(plane, "caller", packets(3))
    assert len(wires["agent"].sent) == 3


def test_a_leg_that_may_not_speak_is_not_heard_whatever_the_routes_say() -> None:
    plane, wires = plane_with("agent")
    plane.open("copilot", ListedWire(), [], may_speak=False)
    plane.set_routes({"agent": ["copilot"]})
    speak(plane, "copilot", packets(3))
    assert wires["agent"].sent == []


def test_a_closed_leg_is_sent_nothing() -> None:
    plane, wires = plane_with("caller", "agent")
    plane.set_routes({"agent": ["caller"]})
    plane.close("agent")
    speak(plane, "caller", packets(3))
    assert wires["agent"].sent == []


def test_a_tap_sees_packets_as_they_came_with_their_arrival() -> None:
    plane, _ = plane_with("caller")
    seen: list[tuple[str, Tapped]] = []
    plane.tap("caller", "capture", lambda leg, batch: seen.extend((leg, tapped) for tapped in batch))
    said = packets(2)
    speak(plane, "caller", said, arrival_us=123)
    assert seen == [("caller", Tapped(123, build_rtp(packet))) for packet in said]
    plane.tap("caller", "capture", None)
    speak(plane, "caller", packets(3)[2:])
    assert len(seen) == 2


def test_injected_packets_are_forwarded_and_tapped_as_the_legs_own() -> None:
    plane, wires = plane_with("caller")
    seen: list[str] = []
    plane.tap("ai", "capture", lambda leg, batch: seen.extend(leg for _ in batch))
    plane.set_routes({"caller": ["ai"]})
    plane.inject("ai", [build_rtp(packet) for packet in packets(3)], 0)
    assert len(wires["caller"].sent) == 3
    assert seen == ["ai"] * 3


def test_garbage_is_passed_over() -> None:
    plane, wires = plane_with("caller", "agent")
    plane.set_routes({"agent": ["caller"]})
    plane.receive("caller", [b"", b"\x80", b"\x00" * 40, b"\xbf" * 13], 0)
    assert wires["agent"].sent == []
