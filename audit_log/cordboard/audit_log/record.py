"""The values that the record is made of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

GENESIS = bytes(32)
"""prev_hash of a stream's first row."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class StreamKey(NamedTuple):
    """Names a stream: everything that happened to one thing."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


class Row(NamedTuple):
    """One event as it is stored; the fields stand in the order of the table's columns."""

    stream_kind: str
    stream_id: str
    seq: int
    position: int
    tenant: str
    retention_class: str
    shard: int
    leg_id: str
    turn_id: str
    causation_stream: str
    causation_seq: int
    trace_id: str
    actor: str
    source: str
    source_seq: int
    media_us: int
    build_id: str
    occurred_at: datetime
    recorded_at: datetime
    type: str
    body: bytes
    sealed: bytes | None
    sealed_digest: bytes | None
    dedupe: bytes
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest end of a stream."""

    key: StreamKey
    tenant: str
    retention_class: str
    shard: int
    seq: int
    hash: bytes


def microseconds(at: datetime) -> int:
    """Give an instant as microseconds since 1970."""
    return (at - EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """Give the instant that is so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=us)
