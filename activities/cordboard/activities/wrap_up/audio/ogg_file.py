"""Opus in Ogg: both sides of a talk, left and right."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.error import FFmpegError

from cordboard.activities.wrap_up.audio.opus_decoder import RATE, Samples
from cordboard.core.errors import InternalError

MEDIA_TYPE: Final = "audio/ogg; codecs=opus"
CHANNELS: Final = 2
BIT_RATE: Final = 48_000
_FRAME = RATE // 50


class OggWriter:
    """Encodes stereo as it comes; the same samples give the same bytes."""

    def __init__(self) -> None:
        """Begin a file in memory: two hours have 45 MB."""
        self._bytes = io.BytesIO()
        # Without this flag the number of the stream is drawn by chance, and a repeat would be another file.
        self._file: Any = av.open(self._bytes, "w", format="ogg", options={"fflags": "+bitexact"})
        self._stream: Any = self._file.add_stream("libopus", rate=RATE)
        self._stream.layout = "stereo"
        self._stream.format = "s16"
        self._stream.bit_rate = BIT_RATE
        self._stream.options = {"application": "voip", "frame_duration": "20", "compression_level": "5"}
        self._rest = np.zeros((0, CHANNELS), np.int16)
        self._samples = 0

    @property
    def seconds(self) -> float:
        """Length so far."""
        return (self._samples + len(self._rest)) / RATE

    def write(self, stereo: Samples) -> None:
        """Take samples of the shape (n, 2)."""
        pending = np.concatenate((self._rest, stereo)) if len(self._rest) else stereo
        whole = len(pending) // _FRAME * _FRAME
        for start in range(0, whole, _FRAME):
            self._encode(pending[start : start + _FRAME])
        self._rest = pending[whole:].copy()

    def finish(self) -> bytes:
        """End the file and give its bytes; the last 20 ms are filled up with silence."""
        if len(self._rest):
            last = np.zeros((_FRAME, CHANNELS), np.int16)
            last[: len(self._rest)] = self._rest
            self._rest = self._rest[:0]
            self._encode(last)
        for packet in self._stream.encode(None):
            self._file.mux(packet)
        self._file.close()
        return self._bytes.getvalue()

    def _encode(self, stereo: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        frame.pts = self._samples
        frame.time_base = Fraction(1, RATE)
        self._samples += _FRAME
        for packet in self._stream.encode(frame):
            self._file.mux(packet)


def read_ogg(data: bytes, *, rate: int = RATE, piece: int = 1 << 16) -> Iterator[Samples]:
    """Decode a file, piece by piece of at least `piece` samples (but the last), each of the shape (n, 2).

    Raises InternalError(RECORDING_DAMAGED).
    """
    try:
        with av.open(io.BytesIO(data), "r") as file:
            resampler: Any = av.AudioResampler(format="s16", layout="stereo", rate=rate)
            held: list[Samples] = []
            for frame in file.decode(audio=0):
                held += [part.to_ndarray().reshape(-1, CHANNELS) for part in resampler.resample(frame)]
                if sum(map(len, held)) >= piece:
                    yield np.concatenate(held)
                    held = []
            held += [part.to_ndarray().reshape(-1, CHANNELS) for part in resampler.resample(None)]
            if held:
                yield np.concatenate(held)
    except (FFmpegError, IndexError) as error:
        raise InternalError("RECORDING_DAMAGED", "the file of both sides cannot be read") from error
