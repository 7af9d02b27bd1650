"""Everything the caller received over RTP, decoded, with its time."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from cordboard.cli.demo.music import is_tonal
from cordboard.cli.demo.sound import AUDIBLE_DBOV, OPUS_RATE, Sound, from_pcm16, level_dbov


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """One decoded frame."""

    arrived: float
    """Time of arrival by the caller's monotonic clock, seconds."""
    due: float
    """Time at which it would have arrived at the pace of the first one, by its RTP timestamp."""
    pts: int
    """RTP timestamp, unwrapped, in samples at 48 kHz."""
    level: float
    """Level in dBov."""
    pcm: bytes
    """16-bit mono samples at 48 kHz."""
    tonal: bool = False
    """Whether it is made of one or two tones, as hold music is and speech hardly ever."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / 2 / OPUS_RATE


class SoundIn:
    """The received side of a call as a timeline."""

    def __init__(self) -> None:
        """Begin empty."""
        self.frames: list[ReceivedFrame] = []
        self._arrivals: list[float] = []

    def add(self, arrived: float, pts: int, sound: Sound, pcm: bytes) -> ReceivedFrame:
        """Take one decoded frame."""
        due = self.frames[0].arrived + (pts - self.frames[0].pts) / OPUS_RATE if self.frames else arrived
        frame = ReceivedFrame(arrived, due, pts, level_dbov(sound), pcm, is_tonal(sound))
        self.frames.append(frame)
        self._arrivals.append(arrived)
        return frame

    def first_audible(self, after: float) -> float | None:
        """Arrival of the first audible frame at or after a time; None when there is none."""
        for frame in self.frames[bisect_left(self._arrivals, after) :]:
            if frame.level > AUDIBLE_DBOV:
                return frame.arrived
        return None

    def audible_at(self, time: float, *, within: float = 0.06) -> bool:
        """True when the far end was audible around a time."""
        low, high = bisect_left(self._arrivals, time - within), bisect_left(self._arrivals, time + within)
        return any(frame.level > AUDIBLE_DBOV for frame in self.frames[low:high])

    def between(self, start: float, end: float) -> Sound:
        """What was due in a span of time; what the far end left out is silence."""
        out = np.zeros(max(0, round((end - start) * OPUS_RATE)), dtype=np.float32)
        for frame in self.frames:
            at = round((frame.due - frame.duration - start) * OPUS_RATE)
            sound = from_pcm16(frame.pcm)
            if -len(sound) < at < len(out):
                piece = sound[max(0, -at) : len(out) - at]
                out[max(0, at) : max(0, at) + len(piece)] = piece
        return out

    def timeline(self) -> Sound:
        """The whole call; the first sample is the first frame's."""
        if not self.frames:
            return np.zeros(0, dtype=np.float32)
        first = self.frames[0]
        return self.between(first.due - first.duration, max(frame.due for frame in self.frames))
