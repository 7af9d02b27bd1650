"""Telephone events (RFC 4733): which key was pressed, and how a key press looks on the wire."""

import struct
from collections.abc import Iterator

from cordboard.media_node.rtp import SAMPLES_PER_MS, RtpPacket, timestamp_ahead

DIGITS = "0123456789*#ABCD"
"""The events 0 to 15 (RFC 4733 section 3.2), in the order of their codes."""

TONE_MS = 100
_STEP_MS = 20
_ENDS = 3
"""The last packet is sent so often, for its loss would make the key stick (RFC 4733 section 2.5.1.4)."""
_VOLUME = 10
_END = 0x80
_PAYLOAD = struct.Struct("!BBH")


class DigitListener:
    """Makes key presses out of one leg's event packets.

    All packets of a press share an RTP timestamp, so the first of them that arrives is the press and the others are
    repeats of it, whichever were lost. A key that is held longer than the duration field can say goes on under a new
    timestamp without an end in between (section 2.5.1.3); that is no second press.
    """

    def __init__(self) -> None:
        """Have heard no key."""
        self._event = -1
        self._timestamp: int | None = None
        self._duration = 0
        self._ended = False

    def take(self, packet: RtpPacket) -> str:
        """Give the key whose press begins with this packet; empty for a repeat, and for what is no key."""
        if len(packet.payload) < _PAYLOAD.size:
            return ""
        event, flags, duration = _PAYLOAD.unpack_from(packet.payload)
        if event >= len(DIGITS):
            return ""
        since = 0 if self._timestamp is None else timestamp_ahead(packet.timestamp, self._timestamp)
        if self._timestamp is not None and since <= 0:
            if since == 0:
                self._duration = max(self._duration, duration)
                self._ended = self._ended or bool(flags & _END)
            return ""
        goes_on = event == self._event and not self._ended and not packet.marker and since == self._duration
        self._event, self._timestamp, self._duration = event, packet.timestamp, duration
        self._ended = bool(flags & _END)
        return "" if goes_on else DIGITS[event]


def press(digit: str) -> Iterator[tuple[bool, bytes]]:
    """Give the packets of one press, for a clock of 48 kHz: whether it is the first, and its payload.

    They are meant to be sent 20 ms apart, but for the last ones, which follow at once.
    """
    event = DIGITS.index(digit)
    steps = TONE_MS // _STEP_MS
    for step in range(1, steps + 1):
        yield step == 1, _PAYLOAD.pack(event, _VOLUME, step * _STEP_MS * SAMPLES_PER_MS)
    for _ in range(_ENDS):
        yield False, _PAYLOAD.pack(event, _END | _VOLUME, TONE_MS * SAMPLES_PER_MS)
