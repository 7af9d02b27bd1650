"""Anchors: signed statements of how far each stream had come. A chain alone does not miss its own tail."""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from cordboard.audit_log.record import GENESIS, StreamKey, instant, microseconds
from cordboard.ledger.v1 import anchor_pb2 as proto
from cordboard.ledger.v1.envelope_pb2 import Stream

_SIGNED = b"cordboard.ledger.anchor.v1\0"
_NUMBERS = struct.Struct(">QqQI")
_LEAF, _NODE = b"\x00", b"\x01"


class AnchoredHead(NamedTuple):
    """A stream's newest end as an anchor states it."""

    stream: StreamKey
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """States the newest ends of the streams that grew since the anchor before it."""

    number: int
    anchored_at: datetime
    position: int
    streams: int
    root: bytes
    previous: bytes
    signature: bytes = b""

    def content(self) -> bytes:
        """Give what is signed."""
        numbers = _NUMBERS.pack(self.number, microseconds(self.anchored_at), self.position, self.streams)
        return _SIGNED + numbers + self.root + self.previous

    def digest(self) -> bytes:
        """Give what the next anchor names as the one before it."""
        return hashlib.sha256(self.content() + self.signature).digest()


class AnchorStore(Protocol):
    """Keeps anchors, and looks up what they state."""

    async def last(self) -> Anchor | None:
        """Give the newest anchor."""
        ...

    async def add(self, anchor: Anchor, heads: Sequence[AnchoredHead]) -> bool:
        """Keep an anchor; False, and nothing done, when there is one of its number."""
        ...

    async def page(self, after: int, limit: int) -> list[tuple[Anchor, list[AnchoredHead]]]:
        """Give anchors in order of number, beyond `after`, each with its heads as they are kept."""
        ...

    async def hashes(self, places: Iterable[tuple[StreamKey, int]]) -> Mapping[tuple[StreamKey, int], bytes]:
        """Give the hashes of the rows that stand at (stream, seq); those that are missing are left out."""
        ...


def merkle_root(heads: Sequence[AnchoredHead]) -> bytes:
    """Compute the root over heads in order of kind and id, as RFC 6962 does over its leaves."""
    return _root([_leaf(head) for head in heads])


def next_number(before: Anchor | None) -> tuple[int, bytes]:
    """Give number and `previous` of the anchor that follows."""
    return (before.number + 1, before.digest()) if before is not None else (1, GENESIS)


def to_message(anchor: Anchor) -> proto.Anchor:
    """Make the message of an anchor."""
    message = proto.Anchor(
        number=anchor.number,
        position=anchor.position,
        streams=anchor.streams,
        root=anchor.root,
        previous=anchor.previous,
        signature=anchor.signature,
    )
    message.anchored_at.FromDatetime(anchor.anchored_at)
    return message


def from_message(message: proto.Anchor) -> Anchor:
    """Take an anchor out of its message."""
    at = message.anchored_at
    return Anchor(
        message.number,
        instant(at.seconds * 1_000_000 + at.nanos // 1000),
        message.position,
        message.streams,
        message.root,
        message.previous,
        message.signature,
    )


def pack_heads(heads: Sequence[AnchoredHead]) -> bytes:
    """Encode heads to be kept."""
    return proto.AnchoredHeads(
        heads=[
            proto.AnchoredHead(stream=Stream(kind=head.stream.kind, id=head.stream.id), seq=head.seq, hash=head.hash)
            for head in heads
        ]
    ).SerializeToString()


def unpack_heads(kept: bytes) -> list[AnchoredHead]:
    """Decode kept heads. Raises google.protobuf's DecodeError."""
    return [
        AnchoredHead(StreamKey(head.stream.kind, head.stream.id), head.seq, head.hash)
        for head in proto.AnchoredHeads.FromString(kept).heads
    ]


def _leaf(head: AnchoredHead) -> bytes:
    place = f"{head.stream.kind}\0{head.stream.id}\0".encode() + head.seq.to_bytes(8, "big")
    return hashlib.sha256(_LEAF + place + head.hash).digest()


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    # The left part is the largest full tree.
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(_NODE + _root(leaves[:half]) + _root(leaves[half:])).digest()
