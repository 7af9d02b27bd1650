"""Tones are told from speech, frame by frame."""

import numpy as np
import pytest

from cordboard.cli.demo.music import MusicEar, is_tonal
from cordboard.cli.demo.sound import OPUS_RATE, Sound
from cordboard.media_node.prepared_sounds import prepared_sound

_TIME = np.arange(OPUS_RATE // 50) / OPUS_RATE


def _partials(*pitches: float) -> Sound:
    return np.asarray(sum(0.05 * np.sin(2 * np.pi * pitch * _TIME) for pitch in pitches), np.float32)


@pytest.mark.parametrize("pitches", [(440.0,), (440.0, 480.0), (261.63, 523.26)])
def test_one_or_two_partials_are_tones(pitches: tuple[float, ...]) -> None:
    assert is_tonal(_partials(*pitches))


def test_a_voice_and_noise_and_silence_are_none() -> None:
    assert not is_tonal(_partials(*(120.0 * number for number in range(1, 20))))
    assert not is_tonal(np.random.default_rng(1).normal(0, 0.1, len(_TIME)).astype(np.float32))
    assert not is_tonal(np.zeros(len(_TIME), np.float32))
    assert not is_tonal(np.zeros(0, np.float32))


def test_what_goes_on_is_music_until_something_else_does() -> None:
    ear = MusicEar()
    assert [ear.hear(tonal=True) for _ in range(12)] == [False] * 11 + [True]
    assert ear.hear(tonal=False)
    assert ear.hear(tonal=True)
    assert [ear.hear(tonal=False), ear.hear(tonal=False)] == [True, False]


@pytest.mark.parametrize("name", ["hold_music", "ring_back"])
def test_the_nodes_own_sounds_are_music_to_the_far_end(name: str) -> None:
    import av

    decoder = av.CodecContext.create("libopus", "r")
    ear, playing = MusicEar(), []
    for payload in prepared_sound(name)[:100]:
        for frame in decoder.decode(av.Packet(payload)):
            assert isinstance(frame, av.AudioFrame)
            sound = frame.to_ndarray().astype(np.float32).reshape(-1, len(frame.layout.channels)).mean(axis=1)
            playing.append(ear.hear(tonal=is_tonal(sound)))
    assert playing.count(True) > 70
