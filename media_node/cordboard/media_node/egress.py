"""One outgoing RTP stream, on which several sources may follow one another."""

from dataclasses import dataclass

from cordboard.media_node.rtp import EVENT_TYPE, SAMPLES_PER_MS, RtpPacket, build_rtp, sequence_ahead

# One 20 ms packet, the least distance between the last packet of one source and the first of the next.
_LEAST_STEP = 960


@dataclass(frozen=True, slots=True)
class OutStream:
    """A stream that a leg offers to be sent on: one audio line of its SDP."""

    ssrc: int
    payload_type: int
    first_sequence: int = 0
    first_timestamp: int = 0
    # Payload type of telephone events with a clock of 48 kHz; 0: the far end takes none.
    event_type: int = 0


@dataclass(frozen=True, slots=True)
class EgressCounters:
    """What went out on a stream, for sender reports (RFC 3550 section 6.4.1)."""

    ssrc: int
    packets: int
    octets: int
    last_timestamp: int
    last_sent_us: int


class EgressStream:
    """Rewrites the packets of its present source so that the listener sees one unbroken stream.

    Sequence numbers keep the source's gaps (a lost packet stays lost) and join without one where the source
    changes; there timestamps move on by the time that passed, and the marker is set. Header extensions are not
    sent: their ids belong to one peer.
    """

    def __init__(self, stream: OutStream) -> None:
        """Begin a stream on which nothing was sent."""
        self._stream = stream
        self._source: str | None = None
        self._joined = False
        self._sequence = (stream.first_sequence - 1) & 0xFFFF
        self._timestamp = stream.first_timestamp
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._first_of_source = 0
        self._sent_us = 0
        self._packets = 0
        self._octets = 0

    @property
    def source(self) -> str | None:
        """The leg that is heard on this stream, if any."""
        return self._source

    def assign(self, source: str | None) -> None:
        """Let `source` be heard here from now on."""
        if source != self._source:
            self._source = source
            self._joined = False

    def rejoin(self) -> None:
        """Expect the source's next packet to have no relation to its last."""
        self._joined = False

    def rewrite(self, packet: RtpPacket, now_us: int) -> bytes | None:
        """Give the packet as it goes out, or None when it comes from before the source's first one here.

        Such a packet would need a sequence number that an earlier source has used already, and sending two
        packets under one number breaks AES-GCM (RFC 7714 section 9.1). None as well for a telephone event when the
        far end takes none.
        """
        marker = packet.marker
        is_event = packet.payload_type == EVENT_TYPE
        if is_event and not self._stream.event_type:
            return None
        if not self._joined:
            self._join(packet, now_us)
            marker = True
        elif sequence_ahead(packet.sequence, self._first_of_source) < 0:
            return None
        sequence = (packet.sequence + self._sequence_offset) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_offset) & 0xFFFF_FFFF
        ahead = sequence_ahead(sequence, self._sequence)
        if ahead > 0 or not self._packets:
            self._sequence = sequence
            self._timestamp = timestamp
            self._sent_us = now_us
            # Keeps "before the first one here" true when the sequence numbers wrap.
            if sequence_ahead(packet.sequence, self._first_of_source) > 0x3FFF:
                self._first_of_source = (packet.sequence - 0x2000) & 0xFFFF
        self._packets += 1
        self._octets += len(packet.payload)
        stream = self._stream
        payload_type = stream.event_type if is_event else stream.payload_type
        return build_rtp(RtpPacket(payload_type, marker, sequence, timestamp, stream.ssrc, packet.payload))

    def counters(self) -> EgressCounters:
        """Tell what went out so far."""
        return EgressCounters(self._stream.ssrc, self._packets, self._octets, self._timestamp, self._sent_us)

    def _join(self, packet: RtpPacket, now_us: int) -> None:
        timestamp = self._timestamp
        if self._packets:
            elapsed = (now_us - self._sent_us) * SAMPLES_PER_MS // 1_000
            timestamp += max(_LEAST_STEP, elapsed)
        self._sequence_offset = self._sequence + 1 - packet.sequence
        self._timestamp_offset = timestamp - packet.timestamp
        self._first_of_source = packet.sequence
        self._joined = True
