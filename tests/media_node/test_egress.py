"""What a listener sees when sources follow one another on one stream."""

from media_far_ends import packets

from cordboard.media_node.egress import EgressStream, OutStream
from cordboard.media_node.rtp import RtpPacket, parse_rtp

STREAM = OutStream(ssrc=77, payload_type=111, first_sequence=65_530, first_timestamp=1_000)


def rewrite(stream: EgressStream, packet: RtpPacket, now_us: int) -> RtpPacket | None:
    data = stream.rewrite(packet, now_us)
    return parse_rtp(data) if data is not None else None


def sent(stream: EgressStream, source: list[RtpPacket], now_us: int = 0) -> list[RtpPacket]:
    out = [rewrite(stream, packet, now_us + n * 20_000) for n, packet in enumerate(source)]
    return [packet for packet in out if packet is not None]


def test_payloads_go_through_untouched() -> None:
    said = packets(10)
    assert [packet.payload for packet in sent(EgressStream(STREAM), said)] == [packet.payload for packet in said]


def test_packets_carry_the_listeners_ssrc_and_payload_type() -> None:
    out = sent(EgressStream(STREAM), packets(3))
    assert {(packet.ssrc, packet.payload_type) for packet in out} == {(77, 111)}


def test_sequence_numbers_begin_where_the_stream_does_and_wrap() -> None:
    out = sent(EgressStream(STREAM), packets(10))
    assert [packet.sequence for packet in out] == [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 0, 1, 2, 3]


def test_a_lost_packet_stays_lost() -> None:
    said = packets(4)
    out = sent(EgressStream(STREAM), [said[0], said[1], said[3]])
    assert [(packet.sequence - 65_530) & 0xFFFF for packet in out] == [0, 1, 3]


def test_another_source_goes_on_without_a_gap_in_sequence_numbers_and_with_a_marker() -> None:
    stream = EgressStream(STREAM)
    first = sent(stream, packets(3))
    stream.assign("other")
    second = sent(stream, packets(3, first=9_000, ssrc=6), now_us=60_000)
    assert (second[0].sequence - first[-1].sequence) & 0xFFFF == 1
    assert [packet.marker for packet in second] == [True, False, False]


def test_another_sources_timestamps_move_on_by_the_time_that_passed() -> None:
    stream = EgressStream(STREAM)
    first = sent(stream, packets(3))
    stream.assign("other")
    second = sent(stream, packets(1, first=9_000, ssrc=6), now_us=40_000 + 500_000)
    assert (second[0].timestamp - first[-1].timestamp) & 0xFFFF_FFFF == 500 * 48


def test_a_packet_from_before_the_switch_is_dropped_so_that_no_number_is_used_twice() -> None:
    stream = EgressStream(STREAM)
    said = packets(5)
    sent(stream, said[2:3])
    assert rewrite(stream, said[0], 20_000) is None


def test_the_source_can_run_through_more_than_all_sequence_numbers() -> None:
    stream = EgressStream(STREAM)
    out = sent(stream, packets(70_000))
    assert len(out) == 70_000


def test_counters_tell_what_went_out() -> None:
    stream = EgressStream(STREAM)
    sent(stream, packets(3))
    counters = stream.counters()
    assert (counters.ssrc, counters.packets, counters.octets, counters.last_sent_us) == (77, 3, 15, 40_000)
