"""The seam to what judges words: local rules, or a language model."""

from dataclasses import dataclass
from typing import Protocol

from cordboard.call.v1.outcome_pb2 import Intent, Sentiment
from cordboard.wrap_up.v1.transcript_pb2 import RedactedTranscript


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the words amount to."""

    intent: Intent
    sentiment: Sentiment
    summary: str
    """Two or three sentences without identifiers; empty where the analyst writes none."""


class Analyst(Protocol):
    """Judges the words of a call. It is given the redacted transcript only: no identifier leaves the process."""

    @property
    def name(self) -> str:
        """Name and version, as the outcome tells it."""
        ...

    async def analyse(self, transcript: RedactedTranscript) -> Analysis:
        """Say what was wanted and how it sounded.

        Raises UnavailableError(ANALYST_AWAY), which may pass, and InvalidError(ANALYST_UNUSABLE) for an answer that
        is none.
        """
        ...
