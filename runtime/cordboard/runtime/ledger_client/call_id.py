"""Call ids: UUIDv7, so that they sort by the time the call was opened."""

import uuid
from datetime import datetime


def make_call_id(now: datetime, randomness: bytes) -> str:
    """Make a UUIDv7 (RFC 9562) from an instant and 10 random bytes."""
    milliseconds = int(now.timestamp() * 1000)
    value = milliseconds << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
