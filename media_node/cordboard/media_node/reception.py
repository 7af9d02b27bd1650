"""What arrived of one RTP stream: order, loss and jitter (RFC 3550 appendices A.1, A.3 and A.8)."""

from dataclasses import dataclass
from enum import Enum

from cordboard.media_node.rtp import EVENT_TYPE, SAMPLES_PER_MS, RtpPacket, sequence_ahead, timestamp_ahead

# RFC 3550 appendix A.1: a jump further than this is a restart, not loss.
MAX_DROPOUT = 3_000
# Packets further behind than the window are too old to tell from repeats.
WINDOW = 64


class Arrival(Enum):
    """What a packet is to its stream."""

    NEW = "new"
    RESTART = "restart"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReceptionCounters:
    """What is known of an incoming stream at one moment."""

    ssrc: int = 0
    received: int = 0
    expected: int = 0
    highest_sequence: int = 0
    jitter: int = 0
    octets: int = 0

    @property
    def lost(self) -> int:
        """Packets that were expected and did not arrive; never negative."""
        return max(0, self.expected - self.received)

    @property
    def jitter_us(self) -> int:
        """Interarrival jitter in microseconds."""
        return self.jitter * 1_000 // SAMPLES_PER_MS


class StreamReception:
    """Follows one incoming stream; refuses repeats and packets that are too old."""

    def __init__(self) -> None:
        """Know nothing of the stream yet."""
        self._ssrc: int | None = None
        self._base = 0
        self._highest = 0
        self._cycles = 0
        self._seen = 0
        self._received = 0
        self._expected_before = 0
        self._octets = 0
        self._jitter_q4 = 0
        self._transit: int | None = None

    def add(self, packet: RtpPacket, arrival_us: int) -> Arrival:
        """Take note of a packet and tell whether it belongs on."""
        ahead = sequence_ahead(packet.sequence, self._highest)
        if self._ssrc is None or packet.ssrc != self._ssrc or not -MAX_DROPOUT < ahead < MAX_DROPOUT:
            self._restart(packet)
            arrival = Arrival.RESTART
        elif ahead > 0:
            self._seen = (self._seen << ahead | 1) & ((1 << WINDOW) - 1)
            if packet.sequence < self._highest:
                self._cycles += 0x1_0000
            self._highest = packet.sequence
            arrival = Arrival.NEW
        else:
            bit = 1 << -ahead
            if -ahead >= WINDOW or self._seen & bit:
                return Arrival.REFUSED
            self._seen |= bit
            arrival = Arrival.NEW
        self._received += 1
        self._octets += len(packet.payload)
        if packet.payload_type != EVENT_TYPE:
            # The packets of one event share a timestamp, which says nothing of when they were sent.
            self._follow_jitter(packet, arrival_us)
        return arrival

    def counters(self) -> ReceptionCounters:
        """Tell what is known now."""
        if self._ssrc is None:
            return ReceptionCounters()
        highest = self._cycles + self._highest
        return ReceptionCounters(
            ssrc=self._ssrc,
            received=self._received,
            expected=self._expected_before + highest - self._base + 1,
            highest_sequence=highest & 0xFFFF_FFFF,
            jitter=self._jitter_q4 >> 4,
            octets=self._octets,
        )

    def _restart(self, packet: RtpPacket) -> None:
        if self._ssrc is not None:
            self._expected_before += self._cycles + self._highest - self._base + 1
        self._ssrc = packet.ssrc
        self._base = self._highest = packet.sequence
        self._cycles = 0
        self._seen = 1
        self._transit = None

    def _follow_jitter(self, packet: RtpPacket, arrival_us: int) -> None:
        transit = (arrival_us * SAMPLES_PER_MS // 1_000 - packet.timestamp) & 0xFFFF_FFFF
        if self._transit is not None:
            difference = abs(timestamp_ahead(transit, self._transit))
            self._jitter_q4 += difference - ((self._jitter_q4 + 8) >> 4)
        self._transit = transit
