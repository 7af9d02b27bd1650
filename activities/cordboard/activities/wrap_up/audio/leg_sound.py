"""The sound of one leg on the call's time line."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from cordboard.activities.wrap_up.audio.opus_decoder import LOOK_AHEAD, RATE, OpusDecoder, Samples
from cordboard.activities.wrap_up.audio.placement import Placement
from cordboard.activities.wrap_up.span import Span
from cordboard.media.v1.capture_pb2 import CapturedPacket

JUMP_SAMPLES = RATE * 10 // 1_000
"""A piece that follows the one before within so many samples is put right behind it: no clicks for a clock's drift."""


def sample_at(media_us: int, origin_us: int) -> int:
    """The sample of media time on a line that begins at `origin_us`."""
    return (media_us - origin_us) * RATE // 1_000_000


class LegSound:
    """Decodes a leg's packets as they are fed and gives their samples window by window; holds no more than is asked."""

    def __init__(self, origin_us: int) -> None:
        """Begin the time line at `origin_us`."""
        self._origin_us = origin_us
        self._placement = Placement()
        self._decoder = OpusDecoder()
        self._pieces: deque[tuple[int, Samples]] = deque()
        self._end: int | None = None

    @property
    def packets(self) -> int:
        """Packets placed so far."""
        return self._placement.packets

    @property
    def lost(self) -> int:
        """Packets that never came, so far."""
        return self._placement.lost

    def feed(self, packets: Sequence[CapturedPacket]) -> None:
        """Take the packets of the leg's next segment."""
        for placed in self._placement.place(packets):
            if placed.fresh:
                self._decoder.forget()
            samples = self._decoder.decode(placed.payload)
            if len(samples):
                self._put(sample_at(placed.at_us, self._origin_us) - LOOK_AHEAD, samples)

    def mix_into(self, window: np.ndarray, first: int, silent: Sequence[Span]) -> None:
        """Add the samples from `first` on to `window` (int32), but those of silent times; what lies before is gone."""
        last = first + len(window)
        mine = np.zeros(len(window), np.int32)
        while self._pieces and self._pieces[0][0] < last:
            start, samples = self._pieces.popleft()
            if start + len(samples) > last:
                self._pieces.appendleft((last, samples[last - start :]))
                samples = samples[: last - start]
            skipped = max(0, first - start)
            mine[start + skipped - first : start + len(samples) - first] += samples[skipped:]
        for span in silent:
            begin = max(0, sample_at(span.started_us, self._origin_us) - first)
            end = max(0, sample_at(span.ended_us, self._origin_us) - first)
            mine[begin:end] = 0
        window += mine

    def _put(self, start: int, samples: Samples) -> None:
        if self._end is not None and abs(start - self._end) < JUMP_SAMPLES:
            start = self._end
        elif self._end is not None and start < self._end:
            # The line went back by more than a clock drifts: what would be heard twice is left out.
            samples = samples[self._end - start :]
            start = self._end
        if len(samples):
            self._pieces.append((start, samples))
            self._end = start + len(samples)
