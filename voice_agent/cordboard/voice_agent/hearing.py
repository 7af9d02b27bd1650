"""From 20 ms frames of a leg to the events of endpointing, with the audio at hand for the recogniser."""

import numpy as np

from cordboard.media.v1.media_node_service_pb2 import HeardAudio
from cordboard.voice_agent.endpointing import Endpointer, Event
from cordboard.voice_agent.engines.transcriber import BYTES_PER_SECOND, SAMPLE_RATE
from cordboard.voice_agent.engines.voice_activity import FRAME_BYTES, FRAME_US, VoiceActivityDetector

LEAD_US = 250_000
PIECE_SAMPLES = 128
# -50 dBov, as the mean square of 16-bit samples.
SILENCE_POWER = 32_767.0**2 * 10**-5
KEPT_BYTES = 40 * BYTES_PER_SECOND


def bytes_of(duration_us: int) -> int:
    """Give the size of so much audio, whole samples only."""
    return duration_us * SAMPLE_RATE // 1_000_000 * 2


def duration_of(size: int) -> int:
    """Give the microseconds of audio of this size."""
    return size // 2 * 1_000_000 // SAMPLE_RATE


def audible_bytes(frame: bytes) -> int:
    """Give the size of a frame up to its last 8 ms that are not silence; 0 when all of it is."""
    pieces = np.frombuffer(frame, "<i2").astype(np.float32).reshape(-1, PIECE_SAMPLES)
    loud = np.flatnonzero(np.mean(pieces * pieces, axis=1) > SILENCE_POWER)
    return (int(loud[-1]) + 1) * PIECE_SAMPLES * 2 if len(loud) else 0


class Hearing:
    """Listens to the caller. What is gated is neither kept nor looked at."""

    def __init__(self, detector: VoiceActivityDetector, endpointer: Endpointer) -> None:
        """Take the detector of this leg and its endpointer."""
        self.endpointer = endpointer
        self.now_us = 0
        self._detector = detector
        self._audio = bytearray()
        self._audio_started_us = 0
        self._looked_at = 0
        self._gated = False
        self._audible_until_us: int | None = None

    def push(self, heard: HeardAudio) -> list[Event]:
        """Take the next frame of the leg, and give what follows from it."""
        self.now_us = heard.media_us + duration_of(len(heard.pcm))
        if heard.gated:
            return self._gate()
        events: list[Event] = []
        if self._gated or abs(heard.media_us - self._end_us()) > FRAME_US:
            # A gap: what was heard before it has nothing to do with what comes.
            events = self.endpointer.reset() if self._audio else []
            self._restart(heard.media_us)
        self._audio += heard.pcm
        while len(self._audio) - self._looked_at >= FRAME_BYTES:
            frame = bytes(self._audio[self._looked_at : self._looked_at + FRAME_BYTES])
            started_us = self._audio_started_us + duration_of(self._looked_at)
            self._looked_at += FRAME_BYTES
            if (loud := audible_bytes(frame)) > 0:
                self._audible_until_us = started_us + duration_of(loud)
            events.extend(self.endpointer.hear(self._detector.probability(frame), started_us, self._audible_until_us))
        self._forget()
        return events

    def audio(self, started_us: int, ended_us: int) -> bytes:
        """Give the audio between two media times with a quarter of a second before it."""
        start = max(0, bytes_of(started_us - LEAD_US - self._audio_started_us))
        end = max(0, bytes_of(ended_us - self._audio_started_us))
        return bytes(self._audio[start:end])

    def _gate(self) -> list[Event]:
        if self._gated:
            return []
        self._gated = True
        self._audio.clear()
        return self.endpointer.reset()

    def _restart(self, media_us: int) -> None:
        self._gated = False
        self._audio.clear()
        self._audio_started_us = media_us
        self._looked_at = 0
        self._audible_until_us = None
        self._detector.reset()

    def _end_us(self) -> int:
        return self._audio_started_us + duration_of(len(self._audio))

    def _forget(self) -> None:
        surplus = len(self._audio) - KEPT_BYTES
        if surplus > 0:
            # Whole frames, so that frame borders stay where they are.
            surplus -= surplus % FRAME_BYTES
            surplus = min(surplus, self._looked_at)
            del self._audio[:surplus]
            self._audio_started_us += duration_of(surplus)
            self._looked_at -= surplus
