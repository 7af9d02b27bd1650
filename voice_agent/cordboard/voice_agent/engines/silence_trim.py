"""Synthesised speech without the silence that the model puts around it."""

import numpy as np
from numpy.typing import NDArray

from cordboard.voice_agent.engines.synthesizer import SAMPLE_RATE

THRESHOLD = 0.008
LEAD_SAMPLES = SAMPLE_RATE * 10 // 1000
TAIL_SAMPLES = SAMPLE_RATE * 60 // 1000
FADE_SAMPLES = SAMPLE_RATE * 5 // 1000


def trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the quiet head (about 300 ms) and tail, keep 10 and 60 ms of them, and fade the edges in and out."""
    loud = np.flatnonzero(np.abs(samples) > THRESHOLD)
    if len(loud) == 0:
        return samples[:0]
    start = max(0, int(loud[0]) - LEAD_SAMPLES)
    end = min(len(samples), int(loud[-1]) + TAIL_SAMPLES)
    speech = samples[start:end].copy()
    ramp = np.linspace(0.0, 1.0, min(FADE_SAMPLES, len(speech)), dtype=np.float32)
    speech[: len(ramp)] *= ramp
    speech[-len(ramp) :] *= ramp[::-1]
    return speech
