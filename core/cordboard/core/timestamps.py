"""Points in time as whole microseconds since the Unix epoch: comparable, exact, and no clock needed."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

_MICROS = 1_000_000


def to_us(timestamp: Timestamp) -> int:
    """Microseconds since the Unix epoch; 0 for an unset timestamp. Nanoseconds below a microsecond are dropped."""
    return timestamp.seconds * _MICROS + timestamp.nanos // 1000


def from_us(at_us: int) -> Timestamp:
    """The timestamp of microseconds since the Unix epoch."""
    return Timestamp(seconds=at_us // _MICROS, nanos=at_us % _MICROS * 1000)
