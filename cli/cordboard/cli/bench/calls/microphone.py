"""What a far end sends: packets at the pace of speech, without a break, as a browser's microphone does."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.cli.bench.calls.speech_line import SpeechLine
from cordboard.cli.bench.far_peer import FarPeer
from cordboard.cli.bench.forward.stamped_speech import FRAME_TIMESTAMP, stamped
from cordboard.media_node.rtp import RtpPacket, build_rtp

FRAME_S = 0.02
_LATE_S = 0.2
_LATE_COUNTS_S = 0.005


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a line was audible, seconds on `time.perf_counter`."""

    onset: float
    ended: float


class Microphone:
    """Sends silence, a line when there is one to say, or stamped speech from when that is asked for."""

    def __init__(self, peer: FarPeer, payload_type: int, silence: bytes) -> None:
        """Send through a connected peer; `silence` is the Opus payload of a silent frame."""
        self._peer = peer
        self._payload_type = payload_type
        self._silence = silence
        self._sent = 0
        self._line: tuple[SpeechLine, int, asyncio.Future[Spoken]] | None = None
        self._onset = self._ended = 0.0
        self._stamped: Sequence[bytes] = ()
        self.stamped_packets = 0
        self.late_ms: list[float] = []
        """How late frames went, of those that were 5 ms late at least: this process was kept from running."""

    async def run(self) -> None:
        """Send until cancelled."""
        epoch = time.perf_counter()
        while True:
            due = epoch + (self._sent + 1) * FRAME_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late = time.perf_counter() - due
            if late > _LATE_COUNTS_S:
                self.late_ms.append(late * 1000)
            if late > _LATE_S:
                # A microphone would have lost this time, too.
                epoch += late
            self._send()

    async def say(self, line: SpeechLine) -> Spoken:
        """Say a line; returns when its last frame is out."""
        done: asyncio.Future[Spoken] = asyncio.get_running_loop().create_future()
        self._line = (line, 0, done)
        return await done

    def stamp(self, frames: Sequence[bytes]) -> None:
        """Send these frames over and over instead of silence, each with the time at which it was sent."""
        self._stamped = frames

    def _send(self) -> None:
        number = self._sent
        self._sent += 1
        timestamp = number * FRAME_TIMESTAMP & 0xFFFF_FFFF
        payload = self._payload(number)
        packet = RtpPacket(self._payload_type, False, number & 0xFFFF, timestamp, self._peer.ssrc, payload)
        self._peer.send(build_rtp(packet))

    def _payload(self, number: int) -> bytes:
        if self._line is not None:
            return self._frame_of_line(*self._line)
        if self._stamped:
            self.stamped_packets += 1
            return stamped(self._stamped[number % len(self._stamped)], time.perf_counter_ns())
        return self._silence

    def _frame_of_line(self, line: SpeechLine, at: int, done: asyncio.Future[Spoken]) -> bytes:
        now = time.perf_counter()
        # A frame is sent when its last sample would have been captured.
        if at == line.first_audible:
            self._onset = now - FRAME_S
        if at == line.last_audible:
            self._ended = now
        self._line = (line, at + 1, done)
        if at + 1 == len(line.frames):
            self._line = None
            if not done.done():
                done.set_result(Spoken(self._onset, self._ended))
        return line.frames[at]
