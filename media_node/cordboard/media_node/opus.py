"""Opus between PCM and payloads: libopus, mono, 20 ms."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

Samples = NDArray[np.int16]

SPEECH_RATE = 24_000
HEARING_RATE = 16_000
FRAME_US = 20_000
SPEECH_FRAME = SPEECH_RATE * FRAME_US // 1_000_000
HEARING_FRAME = HEARING_RATE * FRAME_US // 1_000_000
BIT_RATE = 24_000
# 48 kHz to 16 kHz: one third.
_DECIMATION = 3
_TAPS = 72


class SpeechEncoder:
    """Encodes 20 ms frames of 24 kHz mono speech at 24 kbit/s with in-band forward error correction.

    libopus takes 24 kHz as it is; on the wire it is the same Opus with a 48 kHz RTP clock.
    """

    def __init__(self) -> None:
        """Make an encoder with no history."""
        codec: Any = av.CodecContext.create("libopus", "w")
        codec.bit_rate = BIT_RATE
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = SPEECH_RATE
        codec.time_base = Fraction(1, SPEECH_RATE)
        codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": "10",
            # libopus's complexity: 5 costs half of the default 10.
            "compression_level": "5",
        }
        self._codec = codec
        self._pts = 0

    def encode(self, samples: Samples) -> bytes:
        """Encode exactly one frame of `SPEECH_FRAME` samples."""
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE
        frame.pts = self._pts
        self._pts += SPEECH_FRAME
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class HearingDecoder:
    """Decodes Opus payloads to 16 kHz mono, in order."""

    def __init__(self) -> None:
        """Make a decoder with no history."""
        codec: Any = av.CodecContext.create("libopus", "r")
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = 48_000
        self._codec = codec
        self._history = np.zeros(_TAPS - 1, np.float32)

    def decode(self, payload: bytes) -> Samples:
        """Decode one payload; damaged ones give no samples."""
        try:
            frames = self._codec.decode(av.Packet(payload))
        except FFmpegError:
            return np.zeros(0, np.int16)
        wide = [frame.to_ndarray()[0] for frame in frames]
        return self._decimate(np.concatenate(wide)) if wide else np.zeros(0, np.int16)

    def _decimate(self, wide: Samples) -> Samples:
        line = np.concatenate((self._history, wide.astype(np.float32)))
        self._history = line[-(_TAPS - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(line, _TAPS)[::_DECIMATION]
        narrow: Samples = np.clip(np.rint(windows @ _LOW_PASS), -32_768, 32_767).astype(np.int16)
        return narrow


def _low_pass() -> NDArray[np.float32]:
    """A windowed-sinc low-pass at 7.4 kHz for a rate of 48 kHz; its delay is 0.74 ms."""
    middle = np.arange(_TAPS) - (_TAPS - 1) / 2
    cutoff = 7_400 / 48_000
    taps = 2 * cutoff * np.sinc(2 * cutoff * middle) * np.hamming(_TAPS)
    normal: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normal


_LOW_PASS = _low_pass()


def level_dbov(samples: Samples) -> float:
    """Tell the level of a frame in dBov (RFC 6465 appendix A), -127 for silence."""
    if not len(samples):
        return -127.0
    mean_square = float(np.mean(np.square(samples.astype(np.float32))))
    return max(-127.0, 10 * float(np.log10(mean_square / 32_767**2))) if mean_square > 0 else -127.0
