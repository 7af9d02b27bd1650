"""Words as an engine understood them, and what stands for such an engine."""

from dataclasses import dataclass
from typing import Protocol

RATE = 16_000
"""Samples per second that engines are given."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word and when it was said, in seconds from the start of what the engine was given."""

    text: str
    started: float
    ended: float
    confidence: float


class FinalTranscriber(Protocol):
    """Understands speech after the call, with the time of each word."""

    @property
    def version(self) -> str:
        """Name and version of the engine; empty before the first use."""
        ...

    async def transcribe(self, pcm: bytes) -> list[HeardWord]:
        """Give the words of at most 30 s of 16 kHz mono, signed 16-bit little-endian. Raises UnavailableError."""
        ...


class ScriptedTranscriber:
    """A `FinalTranscriber` that gives prepared answers in turn; an exception among them is raised."""

    version = "scripted 1"

    def __init__(self, *answers: list[HeardWord] | Exception) -> None:
        """Take the answers."""
        self._answers = list(answers)
        self.asked: list[int] = []
        """Bytes of each request."""

    async def transcribe(self, pcm: bytes) -> list[HeardWord]:
        """Give the next answer; nothing was said when there is none left."""
        self.asked.append(len(pcm))
        answer = self._answers.pop(0) if self._answers else []
        if isinstance(answer, Exception):
            raise answer
        return answer
