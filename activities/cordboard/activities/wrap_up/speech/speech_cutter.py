"""Cuts one side of a talk into pieces of speech that an engine can take, and leaves out the silence between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cordboard.activities.wrap_up.speech.heard_word import RATE

Samples = NDArray[np.int16]

FRAME: Final = RATE // 50
LOUD: Final = 130.0
"""Root mean square of a frame that may be speech: -48 dBov."""

ABOVE_NOISE: Final = 3.0
"""A frame so many times as loud as the line's own noise may be speech."""

LEAD: Final = 15
"""Frames kept before speech: soft beginnings of words."""

TAIL: Final = 100
"""Frames of silence (2 s) that end a piece."""

KEPT_TAIL: Final = 25
LONGEST: Final = 28 * 50
"""Frames of one piece: engines take 30 s."""

SHORTEST: Final = 4
"""Loud frames that a piece must have: a click is no speech."""


@dataclass(frozen=True, slots=True)
class SpeechPiece:
    """Sound that may be speech; `started` in seconds from the start of the side."""

    started: float
    samples: Samples

    @property
    def ended(self) -> float:
        """Its end in seconds."""
        return self.started + len(self.samples) / RATE


class SpeechCutter:
    """Takes a side piece by piece; holds no more than one piece of speech."""

    def __init__(self) -> None:
        """Begin at the start of the side."""
        self._rest = np.zeros(0, np.int16)
        self._frames: list[Samples] = []
        self._first = 0
        """Number of the first frame held."""
        self._count = 0
        """Frames seen."""
        self._loud = 0
        self._last_loud = -1
        self._noise = LOUD

    def feed(self, samples: Samples) -> Iterator[SpeechPiece]:
        """Take what follows, and give the pieces that it ends."""
        pending = np.concatenate((self._rest, samples))
        whole = len(pending) // FRAME * FRAME
        self._rest = pending[whole:]
        for start in range(0, whole, FRAME):
            piece = self._take(pending[start : start + FRAME])
            if piece is not None:
                yield piece

    def finish(self) -> Iterator[SpeechPiece]:
        """Give the piece that the end of the side ends."""
        piece = self._cut()
        if piece is not None:
            yield piece

    def _take(self, frame: Samples) -> SpeechPiece | None:
        level = float(np.sqrt(np.mean(np.square(frame.astype(np.float32)))))
        # Noise is what the softest frames have; it may rise slowly and falls at once.
        self._noise = min(self._noise * 1.01 + 0.01, level) if level < self._noise else self._noise * 1.002
        self._noise = min(max(self._noise, 1.0), LOUD)
        if not self._frames:
            self._first = self._count
        self._frames.append(frame)
        if level > max(LOUD, self._noise * ABOVE_NOISE):
            self._loud += 1
            self._last_loud = self._count
        self._count += 1
        if not self._loud:
            del self._frames[:-LEAD]
            self._first = self._count - len(self._frames)
            return None
        if self._count - 1 - self._last_loud >= TAIL or len(self._frames) >= LONGEST:
            return self._cut()
        return None

    def _cut(self) -> SpeechPiece | None:
        frames, loud = self._frames, self._loud
        kept = min(len(frames), self._last_loud - self._first + 1 + KEPT_TAIL)
        self._frames, self._loud = [], 0
        if loud < SHORTEST:
            return None
        return SpeechPiece(self._first * FRAME / RATE, np.concatenate(frames[:kept]))
