"""The chain: each row's hash covers all of the row and the hash of the row before it."""

import hashlib
import struct
from collections.abc import Iterable

from cordboard.audit_log.record import GENESIS, Row, microseconds

_PREFIX = b"cordboard.ledger.row.v1\0"
_NUMBERS = struct.Struct(">QQQIqqqQI")
_NO_DIGEST = bytes(32)


def sha256(data: bytes) -> bytes:
    """Give the SHA-256 digest."""
    return hashlib.sha256(data).digest()


def stream_texts(stream_kind: str, stream_id: str, tenant: str, retention_class: str) -> bytes:
    """Encode what all rows of a stream share."""
    return f"{stream_kind}\0{stream_id}\0{tenant}\0{retention_class}\0".encode()


def event_texts(texts: Iterable[str]) -> bytes:
    """Encode a row's own texts: leg, turn, causing stream, trace, actor, source, build, type.

    None can hold NUL (PostgreSQL stores none), so joining them with it is unambiguous.
    """
    return "\0".join(texts).encode()


def link_hash(
    texts: bytes,
    numbers: tuple[int, int, int, int, int, int, int, int],
    body_digest: bytes,
    sealed_digest: bytes | None,
    dedupe: bytes,
    prev_hash: bytes,
) -> bytes:
    """Compute a row's hash. `numbers`: seq, position, source_seq, shard, media, occurred, recorded, causing seq.

    The ciphertext enters by its digest: the chain still holds when a call's key has been destroyed.
    """
    packed = _NUMBERS.pack(*numbers, len(texts))
    parts = (_PREFIX, packed, texts, body_digest, sealed_digest or _NO_DIGEST, dedupe, prev_hash)
    return hashlib.sha256(b"".join(parts)).digest()


def row_hash(row: Row) -> bytes:
    """Compute a stored row's hash from its other fields."""
    own = (
        row.leg_id,
        row.turn_id,
        row.causation_stream,
        row.trace_id,
        row.actor,
        row.source,
        row.build_id,
        row.type,
    )
    numbers = (
        row.seq,
        row.position,
        row.source_seq,
        row.shard,
        row.media_us,
        microseconds(row.occurred_at),
        microseconds(row.recorded_at),
        row.causation_seq,
    )
    texts = stream_texts(row.stream_kind, row.stream_id, row.tenant, row.retention_class) + event_texts(own)
    return link_hash(texts, numbers, sha256(row.body), row.sealed_digest, row.dedupe, row.prev_hash)


class ChainCheck:
    """Walks one stream's rows in order and tells where the chain does not hold."""

    def __init__(self) -> None:
        """Begin before the first row."""
        self.seq = 0
        self.hash = GENESIS

    def faults(self, rows: Iterable[Row]) -> list[tuple[int, str]]:
        """Take the next rows; give (seq, reason) of each fault."""
        found: list[tuple[int, str]] = []
        for row in rows:
            if row.seq != self.seq + 1:
                found.append((row.seq, "GAP"))
            if row.prev_hash != self.hash:
                found.append((row.seq, "PREV_MISMATCH"))
            if row_hash(row) != row.hash:
                found.append((row.seq, "HASH_MISMATCH"))
            if row.sealed is not None and sha256(row.sealed) != row.sealed_digest:
                found.append((row.seq, "SEALED_MISMATCH"))
            self.seq, self.hash = row.seq, row.hash
        return found
