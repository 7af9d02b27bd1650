"""Opus payloads as samples."""

from typing import Any, Final

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE: Final = 48_000
LOOK_AHEAD: Final = 312
"""Samples by which libopus's encoder delays what it is given (6.5 ms)."""


class OpusDecoder:
    """Decodes one sender's payloads, in order, to 48 kHz mono."""

    def __init__(self) -> None:
        """Make a decoder with no history."""
        self._codec = self._fresh()

    def decode(self, payload: bytes) -> Samples:
        """Decode one payload; a damaged one gives no samples."""
        try:
            frames = self._codec.decode(av.Packet(payload))
        except FFmpegError:
            self._codec = self._fresh()
            return np.zeros(0, np.int16)
        pieces = [frame.to_ndarray()[0] for frame in frames]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def forget(self) -> None:
        """Start anew, after a gap."""
        self._codec = self._fresh()

    @staticmethod
    def _fresh() -> Any:
        codec: Any = av.CodecContext.create("libopus", "r")
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = RATE
        return codec
