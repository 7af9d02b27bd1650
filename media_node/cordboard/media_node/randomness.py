"""The node's only sources of chance, injected so that a replay can repeat them."""

import random
import secrets
from typing import Protocol


class Randomness(Protocol):
    """What the node draws by chance."""

    def bits(self, count: int) -> int:
        """Draw `count` random bits, as for an SSRC or a first sequence number (RFC 3550 section 8.1)."""
        ...

    def token(self) -> str:
        """Draw a secret that nobody can guess, at least 128 bits."""
        ...


class SystemRandomness:
    """The operating system's randomness."""

    def bits(self, count: int) -> int:
        """Draw `count` random bits."""
        return secrets.randbits(count)

    def token(self) -> str:
        """Draw a secret of 256 bits."""
        return secrets.token_urlsafe(32)


class SeededRandomness:
    """Repeatable numbers for tests and replay; its tokens are no secrets."""

    def __init__(self, seed: int) -> None:
        """Begin the sequence that belongs to `seed`."""
        self._random = random.Random(seed)  # noqa: S311 - repeatability is the point

    def bits(self, count: int) -> int:
        """Draw `count` bits of the sequence."""
        return self._random.getrandbits(count)

    def token(self) -> str:
        """Draw a token of the sequence."""
        return f"{self._random.getrandbits(128):032x}"
