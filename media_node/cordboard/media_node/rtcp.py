"""RTCP (RFC 3550 section 6): the reports that a leg sends from its own counters, and what it reads of others'."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cordboard.media_node.data_plane import LegCounters
from cordboard.media_node.egress import EgressCounters
from cordboard.media_node.leg import FarReport
from cordboard.media_node.reception import ReceptionCounters
from cordboard.media_node.rtp import SAMPLES_PER_MS

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_SOURCE_DESCRIPTION = 202
_BYE = 203
_BLOCK = struct.Struct("!IIIIII")
_SENDER = struct.Struct("!IQIII")
_CNAME = 1
_ROUND_TRIP_WEIGHT = 8
# A stream that sent nothing for this long is reported as silent: by a receiver report, not a sender report.
_SILENT_US = 10_000_000


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver reports of one stream."""

    ssrc: int
    fraction_lost: float
    lost: int
    highest_sequence: int
    jitter: int
    last_sender_report: int
    delay: int


def ntp_time(now_us: int) -> int:
    """Give a clock reading as 64-bit NTP format; its origin means nothing to the receiver (RFC 3550 section 4)."""
    seconds, rest = divmod(now_us, 1_000_000)
    return (seconds & 0xFFFF_FFFF) << 32 | (rest << 32) // 1_000_000


class RtcpSession:
    """Writes and reads the RTCP of one leg."""

    def __init__(self, ssrc: int, cname: str) -> None:
        """Begin with no reports; `ssrc` speaks for the node while no stream of its own is sent."""
        self._ssrc = ssrc
        self._cname = cname.encode()
        self._expected_before = 0
        self._received_before = 0
        self._sender_report: dict[int, tuple[int, int]] = {}
        self._round_trip_us = 0
        self._fraction_lost = 0.0
        self._jitter_us = 0

    def report(self, counters: LegCounters, now_us: int) -> bytes:
        """Write the compound packet that is due: reports on what came in and what went out."""
        blocks = self._blocks(counters.reception, now_us)
        speaking = [sent for sent in counters.sent if sent.packets and now_us - sent.last_sent_us < _SILENT_US]
        packets = [_sender_report(sent, blocks if sent is speaking[0] else [], now_us) for sent in speaking]
        if not speaking:
            packets.append(_packet(_RECEIVER_REPORT, len(blocks), struct.pack("!I", self._ssrc) + b"".join(blocks)))
        packets += [self._description(ssrc) for ssrc in [sent.ssrc for sent in speaking] or [self._ssrc]]
        return b"".join(packets)

    def goodbye(self, counters: LegCounters, now_us: int) -> bytes:
        """Write the last compound packet: streams end."""
        ssrcs = [sent.ssrc for sent in counters.sent] or [self._ssrc]
        bye = _packet(_BYE, len(ssrcs), b"".join(struct.pack("!I", ssrc) for ssrc in ssrcs))
        return self.report(counters, now_us) + bye

    def take(self, data: bytes, now_us: int) -> None:
        """Read a compound packet; malformed parts are passed over."""
        blocks: list[ReportBlock] = []
        for kind, count, body in _packets(data):
            if kind == _SENDER_REPORT and len(body) >= _SENDER.size:
                ssrc, ntp, *_ = _SENDER.unpack_from(body)
                self._sender_report[ssrc] = (ntp >> 16 & 0xFFFF_FFFF, now_us)
                blocks += _read_blocks(body[_SENDER.size :], count)
            elif kind == _RECEIVER_REPORT and len(body) >= 4:
                blocks += _read_blocks(body[4:], count)
        if blocks:
            self._fraction_lost = max(block.fraction_lost for block in blocks)
            self._jitter_us = max(block.jitter for block in blocks) * 1_000 // SAMPLES_PER_MS
        for block in blocks:
            self._follow_round_trip(block, now_us)

    def far_report(self) -> FarReport:
        """Tell what the far end last reported."""
        return FarReport(self._round_trip_us, self._fraction_lost, self._jitter_us)

    def _follow_round_trip(self, block: ReportBlock, now_us: int) -> None:
        """RFC 3550 section 6.4.1: arrival - delay since last SR - last SR, in 1/65536 s."""
        if not block.last_sender_report:
            return
        now = ntp_time(now_us) >> 16 & 0xFFFF_FFFF
        units = (now - block.delay - block.last_sender_report) & 0xFFFF_FFFF
        if units >= 0x8000_0000:
            return
        measured = units * 1_000_000 >> 16
        before = self._round_trip_us or measured
        self._round_trip_us = before + (measured - before) // _ROUND_TRIP_WEIGHT

    def _blocks(self, reception: ReceptionCounters, now_us: int) -> list[bytes]:
        if not reception.received:
            return []
        expected = reception.expected - self._expected_before
        received = reception.received - self._received_before
        self._expected_before, self._received_before = reception.expected, reception.received
        lost = expected - received
        fraction = min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
        total = max(-0x80_0000, min(0x7F_FFFF, reception.expected - reception.received)) & 0xFF_FFFF
        report, arrived_us = self._sender_report.get(reception.ssrc, (0, now_us))
        delay = min(0xFFFF_FFFF, (now_us - arrived_us << 16) // 1_000_000)
        block = _BLOCK.pack(
            reception.ssrc, fraction << 24 | total, reception.highest_sequence, reception.jitter, report, delay
        )
        return [block]

    def _description(self, ssrc: int) -> bytes:
        chunk = struct.pack("!IBB", ssrc, _CNAME, len(self._cname)) + self._cname
        return _packet(_SOURCE_DESCRIPTION, 1, chunk + bytes(4 - len(chunk) % 4))


def _sender_report(sent: EgressCounters, blocks: list[bytes], now_us: int) -> bytes:
    timestamp = sent.last_timestamp + (now_us - sent.last_sent_us) * SAMPLES_PER_MS // 1_000
    sender = _SENDER.pack(
        sent.ssrc,
        ntp_time(now_us),
        timestamp & 0xFFFF_FFFF,
        sent.packets & 0xFFFF_FFFF,
        sent.octets & 0xFFFF_FFFF,
    )
    return _packet(_SENDER_REPORT, len(blocks), sender + b"".join(blocks))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        yield kind, first & 0x1F, data[at + 4 : end]
        at = end


def _read_blocks(body: bytes, count: int) -> list[ReportBlock]:
    blocks: list[ReportBlock] = []
    for at in range(0, min(count * _BLOCK.size, len(body) // _BLOCK.size * _BLOCK.size), _BLOCK.size):
        ssrc, loss, highest, jitter, report, delay = _BLOCK.unpack_from(body, at)
        lost = loss & 0xFF_FFFF
        lost = lost - 0x100_0000 if lost >= 0x80_0000 else lost
        blocks.append(ReportBlock(ssrc, (loss >> 24) / 256, lost, highest, jitter, report, delay))
    return blocks
