"""Text to speech."""

from typing import Protocol

from cordboard.voice_agent.engines.engine_pool import Priority

SAMPLE_RATE = 24_000
BYTES_PER_SECOND = SAMPLE_RATE * 2


class Synthesizer(Protocol):
    """Speaks one clause at a time."""

    @property
    def version(self) -> str:
        """Name and version of the engine."""
        ...

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        """Give the speech of `text` (24 kHz, mono, signed 16-bit little-endian) without silence around it.

        Raises UnavailableError.
        """
        ...


class ToneSynthesizer:
    """The in-memory twin: a square wave of 50 ms for each letter."""

    version = "tone"

    def __init__(self, ms_per_letter: int = 50) -> None:
        """Set how long a letter takes."""
        self._letter = b"".join(
            (4_000 if (index // 40) % 2 else -4_000).to_bytes(2, "little", signed=True)
            for index in range(SAMPLE_RATE * ms_per_letter // 1000)
        )
        self.spoken: list[str] = []

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        """Give a tone as long as the text."""
        self.spoken.append(text)
        return self._letter * sum(character.isalnum() for character in text)
