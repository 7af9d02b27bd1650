"""Plays synthesised speech onto the wire: paced, encoded packet by packet, and cut off exactly."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cordboard.core.errors import ExhaustedError
from cordboard.media_node.clock import Clock, Timer
from cordboard.media_node.opus import FRAME_US, SPEECH_FRAME, SPEECH_RATE, SpeechEncoder, level_dbov
from cordboard.media_node.rtp import SAMPLES_PER_MS, RtpPacket, build_rtp

AUDIBLE_DBOV = -50.0
# Silence that is still encoded after speech, so that decoders fade out; then one packet per 400 ms as Opus DTX does.
_HANGOVER_FRAMES = 5
_COMFORT_US = 400_000
# A process that stalled longer than this goes on from now instead of sending a burst.
_LONGEST_CATCH_UP_US = 200_000
_FRAME_BYTES = SPEECH_FRAME * 2
_REMEMBERED_PLAYS = 256
LONGEST_QUEUE_S = 120
_LONGEST_QUEUE_BYTES = LONGEST_QUEUE_S * SPEECH_RATE * 2
_MOST_PLAYS = 256


@dataclass(frozen=True, slots=True)
class PlayProgress:
    """What happened to a play: `started`, `finished` or `flushed`, and how much of it is on the wire."""

    play_id: str
    turn_id: str
    what: str
    sent_us: int


@dataclass(slots=True)
class _Play:
    play_id: str
    turn_id: str
    pcm: bytearray = field(default_factory=bytearray)
    complete: bool = False
    audible: bool = False
    sent_samples: int = 0

    @property
    def sent_us(self) -> int:
        return self.sent_samples * 1_000_000 // SPEECH_RATE


class SpeechPlayer:
    """Sends speech as 20 ms Opus packets at the pace of an injected clock.

    Frames are encoded when they are due, never ahead, so that a flush takes effect at the next packet. While
    nobody listens, speech waits.
    """

    def __init__(
        self,
        clock: Clock,
        send: Callable[[bytes], None],
        listened_to: Callable[[], bool],
        progress: Callable[[PlayProgress], None],
        *,
        ssrc: int,
        first_timestamp: int,
    ) -> None:
        """Make a silent player; `send` takes RTP packets of payload type 111."""
        self._clock = clock
        self._send = send
        self._listened_to = listened_to
        self._progress = progress
        self._encoder = SpeechEncoder()
        self._silence = np.zeros(SPEECH_FRAME, np.int16)
        self._plays: deque[_Play] = deque()
        self._ended: deque[str] = deque(maxlen=_REMEMBERED_PLAYS)
        self._ssrc = ssrc
        self._origin_us = clock.now_us()
        self._first_timestamp = first_timestamp
        self._sequence = 0
        self._quiet_frames = _HANGOVER_FRAMES + 1
        # Made with the first packet: an encoder opens with it, which takes longer than all else an answer waits for.
        self._last_payload = b""
        self._due_us = self._origin_us
        self._put_us = self._origin_us - FRAME_US
        self._stopped = False
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin to keep the stream alive."""
        self._schedule(self._clock.now_us())

    def stop(self) -> None:
        """Send nothing more; what was not sent counts as flushed."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.flush("")

    def add(self, play_id: str, turn_id: str, pcm: bytes, *, last: bool) -> None:
        """Queue a piece of speech: 24 kHz mono, 16-bit little-endian. Pieces of plays that are over are dropped.

        Raises ExhaustedError(SPEECH_TOO_LONG) when more would wait than anybody says in one go.
        """
        if play_id in self._ended:
            return
        play = next((play for play in self._plays if play.play_id == play_id), None)
        waiting = sum(len(one.pcm) for one in self._plays)
        if waiting + len(pcm) > _LONGEST_QUEUE_BYTES or (play is None and len(self._plays) >= _MOST_PLAYS):
            raise ExhaustedError("SPEECH_TOO_LONG", "too much speech waits", limit=f"{LONGEST_QUEUE_S} s")
        if play is None:
            play = _Play(play_id, turn_id)
            self._plays.append(play)
        play.pcm += pcm
        play.complete = play.complete or last
        self.wake()

    def flush(self, play_id: str) -> None:
        """Cut off a play, or all when `play_id` is empty; no packet of it goes out after this."""
        cut = [play for play in self._plays if not play_id or play.play_id == play_id]
        for play in cut:
            self._plays.remove(play)
            self._end(play, "flushed")

    def complete(self) -> None:
        """Expect no more pieces of what is queued: whoever sent them is gone."""
        for play in self._plays:
            play.complete = True
        self.wake()

    def wake(self) -> None:
        """Send at once when the stream is idle and there is speech that somebody listens to."""
        if self._timer is not None and self._quiet_frames > _HANGOVER_FRAMES and self._ready():
            self._timer.cancel()
            self._schedule(max(self._clock.now_us(), self._put_us + FRAME_US))

    def _ready(self) -> bool:
        if not self._plays:
            return False
        play = self._plays[0]
        return (len(play.pcm) >= _FRAME_BYTES or play.complete) and self._listened_to()

    def _schedule(self, due_us: int) -> None:
        self._due_us = due_us
        self._timer = self._clock.call_at(due_us, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.now_us()
        if now - self._due_us > _LONGEST_CATCH_UP_US:
            self._due_us = now
        while True:
            step = self._emit(self._due_us)
            self._due_us += step
            if self._due_us > now:
                break
        if not self._stopped:
            self._schedule(self._due_us)

    def _emit(self, due_us: int) -> int:
        """Send the packet that is due and tell after how many microseconds the next one is."""
        while self._ready():
            play = self._plays[0]
            piece = bytes(play.pcm[:_FRAME_BYTES])
            if piece:
                del play.pcm[:_FRAME_BYTES]
                self._emit_speech(play, piece, due_us)
            if play.complete and not play.pcm:
                self._plays.popleft()
                self._end(play, "finished")
            if piece:
                return FRAME_US
        self._quiet_frames += 1
        if self._quiet_frames <= _HANGOVER_FRAMES:
            self._last_payload = self._encoder.encode(self._silence)
            self._put(self._last_payload, due_us, marker=False)
            return FRAME_US
        if self._quiet_frames > _HANGOVER_FRAMES + 1 or not self._sequence:
            self._last_payload = self._last_payload or self._encoder.encode(self._silence)
            self._put(self._last_payload, due_us, marker=False)
        return _COMFORT_US

    def _emit_speech(self, play: _Play, piece: bytes, due_us: int) -> None:
        samples = np.frombuffer(piece[: len(piece) // 2 * 2], "<i2")
        frame = self._silence.copy()
        frame[: len(samples)] = samples
        self._put(self._encoder.encode(frame), due_us, marker=self._quiet_frames > 0)
        self._quiet_frames = 0
        play.sent_samples += len(samples)
        if not play.audible and level_dbov(frame) > AUDIBLE_DBOV:
            play.audible = True
            self._tell(play, "started")

    def _end(self, play: _Play, what: str) -> None:
        self._ended.append(play.play_id)
        if what == "finished" and not play.audible:
            self._tell(play, "started")
        self._tell(play, what)

    def _tell(self, play: _Play, what: str) -> None:
        self._progress(PlayProgress(play.play_id, play.turn_id, what, play.sent_us))

    def _put(self, payload: bytes, due_us: int, *, marker: bool) -> None:
        timestamp = self._first_timestamp + (due_us - self._origin_us) * SAMPLES_PER_MS // 1_000
        packet = RtpPacket(111, marker, self._sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, self._ssrc, payload)
        self._sequence += 1
        self._put_us = due_us
        self._send(build_rtp(packet))
