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


def row_hash(row: Row) -> bytes:
    """Compute a row's hash from its other fields.

    The texts cannot hold NUL (PostgreSQL stores none), so joining them with it is unambiguous; everything else has a
    fixed length. The ciphertext enters by its digest: the chain still holds when a call's key has been destroyed.
    """
    texts = "\0".join(
        (
            row.stream_kind,
            row.stream_id,
            row.tenant,
            row.retention_class,
            row.leg_id,
            row.turn_id,
            row.causation_stream,
            row.trace_id,
            row.actor,
            row.source,
            row.build_id,
            row.type,
        )
    ).encode()
    numbers = _NUMBERS.pack(
        row.seq,
        row.position,
        row.source_seq,
        row.shard,
        row.media_us,
        microseconds(row.occurred_at),
        microseconds(row.recorded_at),
        row.causation_seq,
        len(texts),
    )
    digests = sha256(row.body) + (row.sealed_digest or _NO_DIGEST) + row.dedupe + row.prev_hash
    return sha256(b"".join((_PREFIX, numbers, texts, digests)))


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
