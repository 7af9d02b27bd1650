"""RTP packets (RFC 3550 section 5.1) and what the node reads of Opus payloads (RFC 6716 section 3.1)."""

import struct
from typing import NamedTuple

CLOCK_RATE = 48_000
SAMPLES_PER_MS = CLOCK_RATE // 1_000
HEADER_LENGTH = 12
EVENT_TYPE = 0
"""Payload type that telephone events have inside the node, whatever their number was on a leg's wire. No leg has its
Opus there: the number is PCMU's (RFC 3551 section 6)."""
_HEADER = struct.Struct("!BBHII")
_OPUS_FRAMES_PER_CODE = (1, 2, 2)


class RtpPacket(NamedTuple):
    """A parsed packet; header extensions, contributing sources and padding are left out."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Parse a packet, or give None when it is no well-formed RTP version 2."""
    size = len(data)
    if size < HEADER_LENGTH:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    start = HEADER_LENGTH + 4 * (first & 0x0F)
    if first & 0x10:
        if size < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = size - data[-1] if first & 0x20 else size
    if start > end or (first & 0x20 and data[-1] == 0):
        return None
    return RtpPacket(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end])


def build_rtp(packet: RtpPacket) -> bytes:
    """Write a packet without header extensions."""
    return (
        _HEADER.pack(
            0x80,
            packet.payload_type | (0x80 if packet.marker else 0),
            packet.sequence,
            packet.timestamp,
            packet.ssrc,
        )
        + packet.payload
    )


def opus_samples(payload: bytes) -> int:
    """Tell how many samples at 48 kHz an Opus payload lasts; 0 when it is empty or malformed."""
    if not payload:
        return 0
    toc = payload[0]
    config = toc >> 3
    if config < 12:
        frame = (480, 960, 1_920, 2_880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    code = toc & 3
    if code < 3:
        return frame * _OPUS_FRAMES_PER_CODE[code]
    return frame * (payload[1] & 0x3F) if len(payload) > 1 else 0


def sequence_ahead(later: int, earlier: int) -> int:
    """Tell by how many sequence numbers `later` is ahead of `earlier`, negative when it is behind."""
    distance = (later - earlier) & 0xFFFF
    return distance - 0x1_0000 if distance >= 0x8000 else distance


def timestamp_ahead(later: int, earlier: int) -> int:
    """Tell by how many timestamp units `later` is ahead of `earlier`, negative when it is behind."""
    distance = (later - earlier) & 0xFFFF_FFFF
    return distance - 0x1_0000_0000 if distance >= 0x8000_0000 else distance
