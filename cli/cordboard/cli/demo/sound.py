"""Sound as arrays: levels, resampling, a telephone line, WAV files.

Everything here is float32 mono between -1 and 1. Utterances are short, so filters work on whole utterances in the
frequency domain.
"""

import wave
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Sound: TypeAlias = NDArray[np.float32]

OPUS_RATE = 48_000
PHONE_RATE = 8_000
EAR_RATE = 16_000
AUDIBLE_DBOV = -50.0
"""Decoded level from which a frame counts as audible."""


def level_dbov(sound: Sound) -> float:
    """Level in dB relative to overload (RFC 6465): 0 is a full-scale square wave, silence is -127."""
    if not len(sound):
        return -127.0
    power = float(np.mean(np.square(sound, dtype=np.float64)))
    return max(-127.0, 10.0 * float(np.log10(power))) if power > 0 else -127.0


def resample(sound: Sound, rate: int, to_rate: int) -> Sound:
    """Change the sample rate of a whole utterance, band-limited."""
    if rate == to_rate or not len(sound):
        return sound
    length = round(len(sound) * to_rate / rate)
    spectrum = np.fft.rfft(sound)
    bins = length // 2 + 1
    resized = np.zeros(bins, dtype=np.complex128)
    kept = min(bins, len(spectrum))
    resized[:kept] = spectrum[:kept]
    out: Sound = (np.fft.irfft(resized, length) * (length / len(sound))).astype(np.float32)
    return out


def over_the_phone(sound: Sound, rate: int) -> Sound:
    """What is left of speech after a telephone line: 300 to 3400 Hz, 8 kHz, G.711 mu-law; at 48 kHz."""
    narrow = _band(resample(sound, rate, PHONE_RATE), PHONE_RATE, 300.0, 3400.0)
    peak = float(np.max(np.abs(narrow))) if len(narrow) else 0.0
    if peak > 0:
        narrow = (narrow * (0.7 / peak)).astype(np.float32)
    return resample(mu_law(narrow), PHONE_RATE, OPUS_RATE)


def mu_law(sound: Sound) -> Sound:
    """Speech after one pass through 8-bit companding (ITU-T G.711, mu = 255)."""
    mu = 255.0
    compressed = np.sign(sound) * np.log1p(mu * np.minimum(np.abs(sound), 1.0)) / np.log1p(mu)
    coarse = np.round(compressed * 127.0) / 127.0
    expanded: Sound = (np.sign(coarse) * (np.expm1(np.abs(coarse) * np.log1p(mu)) / mu)).astype(np.float32)
    return expanded


def trim(sound: Sound, rate: int, *, keep_s: float = 0.02) -> Sound:
    """Cut silence off both ends, so that the end of the file is the end of the speech."""
    size = rate // 50
    audible = [at for at in range(0, len(sound), size) if level_dbov(sound[at : at + size]) > AUDIBLE_DBOV]
    if not audible:
        return sound[:0]
    keep = int(rate * keep_s)
    return sound[max(0, audible[0] - keep) : audible[-1] + size + keep]


def to_pcm16(sound: Sound) -> bytes:
    """Signed 16-bit little-endian samples."""
    return (np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def from_pcm16(pcm: bytes) -> Sound:
    """The reverse of `to_pcm16`."""
    return (np.frombuffer(pcm, dtype="<i2") / 32768.0).astype(np.float32)


def read_wav(path: Path) -> tuple[Sound, int]:
    """Read a 16-bit WAV file; several channels are averaged."""
    with wave.open(str(path), "rb") as file:
        sound = from_pcm16(file.readframes(file.getnframes()))
        channels, rate = file.getnchannels(), file.getframerate()
    return (sound if channels == 1 else sound.reshape(-1, channels).mean(axis=1).astype(np.float32)), rate


def write_wav(path: Path, sound: Sound, rate: int) -> None:
    """Write a 16-bit mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_pcm16(sound))


def _band(sound: Sound, rate: int, low: float, high: float) -> Sound:
    if not len(sound):
        return sound
    spectrum = np.fft.rfft(sound)
    frequency = np.fft.rfftfreq(len(sound), 1.0 / rate)
    # Raised-cosine edges 100 Hz wide: a brick wall would ring.
    gain = np.clip((frequency - (low - 100.0)) / 100.0, 0.0, 1.0) * np.clip(
        ((high + 100.0) - frequency) / 100.0, 0.0, 1.0
    )
    return np.fft.irfft(spectrum * (0.5 - 0.5 * np.cos(np.pi * gain)), len(sound)).astype(np.float32)
