"""The framing between the voice agent and its engine processes: a JSON header and raw samples, both with a length."""

import json
import struct
from dataclasses import dataclass, field

PREFIX = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a header of plain values and a payload of raw bytes."""

    header: dict[str, str | float] = field(default_factory=dict)
    payload: bytes = b""

    def encode(self) -> bytes:
        """Give the bytes of this frame as they travel."""
        head = json.dumps(self.header, separators=(",", ":")).encode()
        return PREFIX.pack(len(head), len(self.payload)) + head + self.payload

    @classmethod
    def decode(cls, head: bytes, payload: bytes) -> "Frame":
        """Make a frame from the two parts that follow its prefix."""
        return cls(json.loads(head), payload)

    def text(self, name: str) -> str:
        """Give the header value `name` as text, empty when it is not there."""
        return str(self.header.get(name, ""))
