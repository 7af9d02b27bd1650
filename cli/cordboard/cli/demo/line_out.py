"""What the caller's microphone delivers: silence, and lines when there is something to say."""

import asyncio
import fractions
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame

from cordboard.cli.demo.sound import AUDIBLE_DBOV, OPUS_RATE, Sound, level_dbov, to_pcm16

FRAME = OPUS_RATE // 50
FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a line was audible, by the caller's monotonic clock in seconds."""

    started: float
    ended: float


class LineOut(MediaStreamTrack):
    """An audio track of 20 ms frames in real time, as a microphone would give them.

    A frame is handed over when its last sample would have been captured, so the hand-over time of a line's last
    audible frame is the end of the caller's speech.
    """

    kind = "audio"

    def __init__(self, clock: Callable[[], float]) -> None:
        """Count time by `clock`."""
        super().__init__()
        self._clock = clock
        self._epoch: float | None = None
        self._sent = 0
        self._pending: Sound = np.zeros(0, dtype=np.float32)
        self._started: float | None = None
        self._ended = 0.0
        self._done: asyncio.Future[Spoken] | None = None
        self._log: list[tuple[float, bytes]] = []
        self.held_up: list[tuple[float, float]] = []
        """Frames that were handed over more than their own length too late: when, and how late, in seconds.

        That is how long this process was kept from running, and so from receiving as well.
        """

    @property
    def sent(self) -> list[tuple[float, bytes]]:
        """Every frame with speech that was handed over: time, and 16-bit samples at 48 kHz."""
        return self._log

    async def say(self, line: Sound) -> Spoken:
        """Speak one line; returns when its last sample is out."""
        assert self._done is None, "a caller says one line at a time"
        self._pending, self._started = line, None
        self._done = asyncio.get_running_loop().create_future()
        try:
            return await self._done
        finally:
            self._done = None

    async def recv(self) -> AudioFrame:
        """Give the next frame at its time."""
        now = self._clock()
        if self._epoch is None:
            self._epoch = now
        due = self._epoch + (self._sent + 1) * FRAME_S
        if due > now:
            await asyncio.sleep(due - now)
        elif now - due > 0.2:
            # The process was held up; a microphone would have lost this time too.
            self._epoch += now - due
        if (late := self._clock() - due) > FRAME_S:
            self.held_up.append((due + late, late))
        piece = self._next_piece()
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        pcm = to_pcm16(piece)
        frame.planes[0].update(pcm)
        frame.sample_rate = OPUS_RATE
        frame.pts = self._sent * FRAME
        frame.time_base = fractions.Fraction(1, OPUS_RATE)
        self._sent += 1
        return frame

    def _next_piece(self) -> Sound:
        if self._done is None or self._done.done():
            return np.zeros(FRAME, dtype=np.float32)
        piece, self._pending = self._pending[:FRAME], self._pending[FRAME:]
        if len(piece) < FRAME:
            piece = np.concatenate([piece, np.zeros(FRAME - len(piece), dtype=np.float32)])
        now = self._clock()
        self._log.append((now, to_pcm16(piece)))
        if level_dbov(piece) > AUDIBLE_DBOV:
            self._started = now - FRAME_S if self._started is None else self._started
            self._ended = now
        if not len(self._pending):
            self._done.set_result(Spoken(self._started if self._started is not None else now, self._ended or now))
        return piece
