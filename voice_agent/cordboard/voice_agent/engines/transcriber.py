"""Speech to text."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = SAMPLE_RATE * 2


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood; empty text when nothing was said. Confidence is between 0 and 1."""

    text: str
    confidence: float = 1.0


class Transcriber(Protocol):
    """Understands one utterance at a time."""

    @property
    def version(self) -> str:
        """Name and version of the engine."""
        ...

    async def transcribe(self, pcm: bytes) -> Transcript:
        """Give the words of `pcm` (16 kHz, mono, signed 16-bit little-endian). Raises UnavailableError."""
        ...


class ScriptedTranscriber:
    """The in-memory twin: answers each utterance that is not silence with the next line of a script."""

    version = "scripted"

    def __init__(self, lines: Iterable[str | Transcript] = ()) -> None:
        """Take the lines in the order in which they will be heard."""
        self._lines = deque(lines)
        self.asked: list[int] = []

    def expect(self, *lines: str | Transcript) -> None:
        """Add lines to the script."""
        self._lines.extend(lines)

    async def transcribe(self, pcm: bytes) -> Transcript:
        """Give the next line, or no words for silence and at the script's end."""
        self.asked.append(len(pcm))
        if not any(pcm) or not self._lines:
            return Transcript("", 0.0)
        line = self._lines.popleft()
        return line if isinstance(line, Transcript) else Transcript(line)
