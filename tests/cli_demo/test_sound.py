from pathlib import Path

import numpy as np

from cordboard.cli.demo.sound import (
    Sound,
    level_dbov,
    mu_law,
    over_the_phone,
    read_wav,
    resample,
    to_pcm16,
    trim,
    write_wav,
)


def _tone(hz: float, seconds: float, rate: int, gain: float = 0.5) -> Sound:
    return (gain * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_a_full_scale_square_wave_is_zero_dbov_and_a_sine_three_less() -> None:
    assert abs(level_dbov(np.ones(100, dtype=np.float32))) < 0.01
    assert abs(level_dbov(_tone(1000, 0.1, 48000, 1.0)) + 3.01) < 0.05
    assert level_dbov(np.zeros(10, dtype=np.float32)) == -127.0


def test_resampling_keeps_a_tone_and_its_level() -> None:
    tone = resample(_tone(1000, 0.5, 22050), 22050, 48000)
    assert len(tone) == 24000
    assert abs(level_dbov(tone) - level_dbov(_tone(1000, 0.5, 48000))) < 0.1


def test_a_telephone_line_takes_away_what_is_below_and_above_its_band() -> None:
    mixed = _tone(1000, 0.5, 22050) + _tone(100, 0.5, 22050) + _tone(5000, 0.5, 22050)
    spectrum = np.abs(np.fft.rfft(over_the_phone(mixed.astype(np.float32), 22050)))
    at = {hz: spectrum[round(hz * 0.5)] for hz in (100, 1000, 5000)}
    assert at[100] < at[1000] / 50
    assert at[5000] < at[1000] / 50


def test_mu_law_costs_little_of_a_loud_sound() -> None:
    tone = _tone(440, 0.2, 8000)
    assert level_dbov((mu_law(tone) - tone).astype(np.float32)) < level_dbov(tone) - 30


def test_trimming_leaves_the_speech_and_nothing_else() -> None:
    silence = np.zeros(48000, dtype=np.float32)
    sound = trim(np.concatenate([silence, _tone(500, 0.5, 48000), silence]), 48000)
    assert 0.5 <= len(sound) / 48000 < 0.6
    assert len(trim(silence, 48000)) == 0


def test_a_wav_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    tone = _tone(700, 0.1, 16000)
    write_wav(tmp_path / "tone.wav", tone, 16000)
    back, rate = read_wav(tmp_path / "tone.wav")
    assert rate == 16000
    assert np.max(np.abs(back - tone)) < 1e-3
    assert len(to_pcm16(tone)) == 2 * len(tone)
