"""Real speech that comes inside packages, and ways to look at it."""

import re
import wave
from importlib import resources

import numpy as np
from numpy.typing import NDArray

BECKETT_WORDS = "ever tried ever failed no matter try again fail again fail better"

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def beckett() -> bytes:
    """Ten seconds of a human reader, 16 kHz."""
    asset = resources.files("moonshine_voice") / "assets" / "beckett.wav"
    with resources.as_file(asset) as path, wave.open(str(path)) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16_000, 1, 2)
        return bytes(clip.readframes(clip.getnframes()))


def at_16_khz(pcm_24_khz: bytes) -> bytes:
    """The same speech at the rate that a leg hears."""
    samples = np.frombuffer(pcm_24_khz, "<i2").astype(np.float64)
    # A short average keeps what lies above 8 kHz out of the lower rate.
    smooth: NDArray[np.float64] = np.convolve(samples, np.array([0.25, 0.5, 0.25]), mode="same")
    places = np.arange(len(samples) * 2 // 3) * 1.5
    return bytes(np.interp(places, np.arange(len(samples)), smooth).astype("<i2").tobytes())


def plain_words(text: str) -> list[str]:
    """Words in lower case, digits spelled one by one."""
    spelled = re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit.group())]} ", text.lower())
    return re.findall(r"[a-z']+", spelled.replace("-", " "))
