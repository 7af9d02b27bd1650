"""Is there a voice in this frame?"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

FRAME_SAMPLES = 512
FRAME_BYTES = FRAME_SAMPLES * 2
FRAME_US = 32_000


class VoiceActivityDetector(Protocol):
    """Listens to one leg, frame by frame, and remembers what it heard."""

    def probability(self, frame: bytes) -> float:
        """Give the probability of speech in 512 samples (16 kHz, mono, signed 16-bit little-endian)."""
        ...

    def reset(self) -> None:
        """Forget what was heard, as after a gap."""
        ...


DetectorFactory = Callable[[], VoiceActivityDetector]


class EnergyDetector:
    """The in-memory twin: speech is what is loud."""

    def __init__(self, threshold: float = 300.0) -> None:
        """Set the root mean square above which a frame counts as speech."""
        self._threshold = threshold

    def probability(self, frame: bytes) -> float:
        """Give 1 for a loud frame and 0 for a quiet one."""
        samples = np.frombuffer(frame, "<i2").astype(np.float64)
        return float(np.sqrt(np.mean(samples * samples)) > self._threshold)

    def reset(self) -> None:
        """Do nothing: it has no memory."""
