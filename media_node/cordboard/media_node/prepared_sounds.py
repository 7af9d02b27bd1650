"""The sounds that the node can play by itself: made of tones in code, encoded once."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cordboard.core.errors import NotFoundError
from cordboard.media_node.opus import SPEECH_FRAME, SPEECH_RATE, Samples, SpeechEncoder

_Wave = NDArray[np.float64]

_LOUDNESS = 0.12 * 32_767
# A slow arpeggio of A minor 7, F, C and G; each chord's notes one after the other.
_CHORDS = ((220.0, 261.63, 329.63, 392.0), (174.61, 220.0, 261.63, 349.23), (261.63, 329.63, 392.0, 523.25),
           (196.0, 246.94, 293.66, 392.0))  # fmt: skip
_NOTE_SECONDS = 0.5


@cache
def prepared_sound(name: str) -> tuple[bytes, ...]:
    """Give a sound as Opus payloads of 20 ms that can follow one another again and again.

    Raises NotFoundError(SOUND_NOT_FOUND). The first time takes some tens of milliseconds.
    """
    make = _SOUNDS.get(name)
    if make is None:
        raise NotFoundError("SOUND_NOT_FOUND", "the node has no such sound")
    samples: Samples = np.rint(make() * _LOUDNESS).astype(np.int16)
    encoder = SpeechEncoder()
    return tuple(encoder.encode(frame) for frame in samples.reshape(-1, SPEECH_FRAME))


def prepare_sounds() -> None:
    """Encode all sounds, so that no call waits for it."""
    for name in _SOUNDS:
        prepared_sound(name)


def _hold_music() -> _Wave:
    time = np.arange(int(_NOTE_SECONDS * SPEECH_RATE)) / SPEECH_RATE
    # Both ends of a note are silent, so notes follow one another, and the end the start, without a click.
    envelope = np.minimum(time / 0.02, 1) * np.exp(-3 * time) * np.minimum((_NOTE_SECONDS - time) / 0.02, 1)
    notes = [
        envelope * (np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time))
        for chord in _CHORDS
        for pitch in chord
    ]
    return np.concatenate(notes)


def _ring_back() -> _Wave:
    """Two seconds of 440 and 480 Hz, four of silence, as North American exchanges do."""
    time = np.arange(2 * SPEECH_RATE) / SPEECH_RATE
    tone = (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time)) / 2
    tone *= np.minimum(time / 0.01, 1) * np.minimum((2 - time) / 0.01, 1)
    return np.concatenate((tone, np.zeros(4 * SPEECH_RATE)))


def _beep() -> _Wave:
    """Four tenths of a second of 1 kHz, before a message is left."""
    time = np.arange(int(0.4 * SPEECH_RATE)) / SPEECH_RATE
    return np.sin(2 * np.pi * 1_000 * time) * np.minimum(time / 0.01, 1) * np.minimum((0.4 - time) / 0.01, 1)


_SOUNDS = {"hold_music": _hold_music, "ring_back": _ring_back, "beep": _beep}
