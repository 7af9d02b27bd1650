"""What a WebRTC leg measures of itself: how soon it connects, and what a packet takes through the node."""

from opentelemetry import metrics

from cordboard.runtime.buckets import MICROSECONDS, SECONDS

_METER = metrics.get_meter("cordboard.media_node")
_CONNECT = _METER.create_histogram(
    "cordboard.leg.connect",
    "s",
    "the answer was written to media can flow",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_FORWARD = _METER.create_histogram(
    "cordboard.forward.delay",
    "us",
    "a packet's datagram was taken to it was with all who hear it, one packet of 64",
    explicit_bucket_boundaries_advisory=MICROSECONDS,
)
_ONE_OF = 64


def record_connect(took_us: int) -> None:
    """Record how long ICE and DTLS took."""
    _CONNECT.record(took_us / 1e6)


class ForwardSampler:
    """Chooses the packets whose way is measured."""

    def __init__(self) -> None:
        """Begin with the first packet of a leg."""
        self._seen = -1

    def is_due(self) -> bool:
        """Count a packet, and tell whether it is measured."""
        self._seen += 1
        return self._seen % _ONE_OF == 0

    def record(self, took_us: int) -> None:
        """Record a packet that was opened, rewritten, sealed and sent."""
        _FORWARD.record(took_us)
