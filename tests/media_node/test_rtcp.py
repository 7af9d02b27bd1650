"""Reports: what a leg tells its far end, and what it learns from it. aiortc reads and writes the other side."""

from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
)

from cordboard.media_node.data_plane import LegCounters
from cordboard.media_node.egress import EgressCounters
from cordboard.media_node.reception import ReceptionCounters
from cordboard.media_node.rtcp import RtcpSession, ntp_time

SECOND = 1_000_000
RECEPTION = ReceptionCounters(ssrc=5, received=90, expected=100, highest_sequence=199, jitter=48)
SENT = EgressCounters(ssrc=7, packets=50, octets=4_000, last_timestamp=10_000, last_sent_us=9 * SECOND)


def test_a_leg_that_sends_writes_a_sender_report_with_its_counters() -> None:
    report, sdes = RtcpPacket.parse(RtcpSession(1, "c").report(LegCounters(RECEPTION, [SENT]), 10 * SECOND))
    assert isinstance(report, RtcpSrPacket)
    assert report.ssrc == 7
    assert (report.sender_info.packet_count, report.sender_info.octet_count) == (50, 4_000)
    assert report.sender_info.rtp_timestamp == 10_000 + 48_000
    assert report.sender_info.ntp_timestamp == ntp_time(10 * SECOND)
    assert isinstance(sdes, RtcpSdesPacket)
    assert sdes.chunks[0].items == [(1, b"c")]


def test_it_reports_loss_and_jitter_of_what_it_receives() -> None:
    report = RtcpPacket.parse(RtcpSession(1, "c").report(LegCounters(RECEPTION, [SENT]), 10 * SECOND))[0]
    assert isinstance(report, RtcpSrPacket)
    block = report.reports[0]
    assert (block.ssrc, block.packets_lost, block.highest_sequence, block.jitter) == (5, 10, 199, 48)
    assert block.fraction_lost == 10 * 256 // 100


def test_the_fraction_lost_is_that_of_the_interval() -> None:
    session = RtcpSession(1, "c")
    session.report(LegCounters(RECEPTION), 10 * SECOND)
    later = ReceptionCounters(ssrc=5, received=190, expected=200, highest_sequence=299)
    report = RtcpPacket.parse(session.report(LegCounters(later), 11 * SECOND))[0]
    assert isinstance(report, RtcpRrPacket)
    assert (report.reports[0].fraction_lost, report.reports[0].packets_lost) == (0, 10)


def test_a_leg_that_sends_nothing_writes_a_receiver_report() -> None:
    report = RtcpPacket.parse(RtcpSession(1, "c").report(LegCounters(RECEPTION), 10 * SECOND))[0]
    assert isinstance(report, RtcpRrPacket)
    assert report.ssrc == 1


def test_it_echoes_the_far_ends_sender_report_and_its_delay() -> None:
    session = RtcpSession(1, "c")
    far = RtcpSrPacket(
        5, RtcpSenderInfo(ntp_timestamp=0x11112222_33334444, rtp_timestamp=0, packet_count=1, octet_count=1)
    )
    session.take(bytes(far), 9 * SECOND)
    report = RtcpPacket.parse(session.report(LegCounters(RECEPTION), 10 * SECOND))[0]
    assert isinstance(report, RtcpRrPacket)
    assert (report.reports[0].lsr, report.reports[0].dlsr) == (0x22223333, 65_536)


def test_the_round_trip_is_what_is_left_of_the_time_since_our_report() -> None:
    session = RtcpSession(1, "c")
    sent = ntp_time(10 * SECOND) >> 16 & 0xFFFF_FFFF
    block = RtcpReceiverInfo(
        ssrc=7, fraction_lost=64, packets_lost=3, highest_sequence=1, jitter=480, lsr=sent, dlsr=65_536
    )
    session.take(bytes(RtcpRrPacket(5, [block])), 11 * SECOND + 80_000)
    report = session.far_report()
    assert abs(report.round_trip_us - 80_000) < 100
    assert report.fraction_lost == 0.25
    assert report.jitter_us == 10_000


def test_the_last_packet_says_goodbye_for_all_streams() -> None:
    packets = RtcpPacket.parse(RtcpSession(1, "c").goodbye(LegCounters(RECEPTION, [SENT]), 10 * SECOND))
    assert RtcpByePacket([7]) in packets


def test_malformed_reports_are_passed_over() -> None:
    session = RtcpSession(1, "c")
    for data in (b"", b"\x81", b"\x9f\xc9\x00\x01\x00\x00\x00\x00", b"\x81\xc8\x00\x02" + bytes(8), b"\x00" * 40):
        session.take(data, 0)
    assert session.far_report().round_trip_us == 0
