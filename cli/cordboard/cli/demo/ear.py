"""The caller's hearing: speech recognition in a process of its own.

Spawned, never forked, and one thread only: the caller's audio loop must not stall while it listens. The engine is
the same kind the agent uses, but another instance, fed with what came out of the caller's own decoder.
"""

import asyncio
import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from cordboard.cli.demo.sound import EAR_RATE, OPUS_RATE, Sound, from_pcm16, resample, to_pcm16

_LONGEST_S = 28.0
"""The engine's window is 30 s; a longer turn is heard in pieces."""

_transcriber: Any = None


class Ear(Protocol):
    """Turns sound into words."""

    async def hear(self, sound: Sound) -> str:
        """Transcribe one turn, 48 kHz."""
        ...


class MoonshineEar:
    """Moonshine tiny in a spawned process."""

    def __init__(self) -> None:
        """Nothing is loaded before the context is entered."""
        self._pool: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        """Start the process and wait until the model is warm."""
        self._pool = ProcessPoolExecutor(
            max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_load
        )
        await asyncio.get_running_loop().run_in_executor(self._pool, _transcribe, bytes(2 * EAR_RATE))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    async def hear(self, sound: Sound) -> str:
        """Transcribe one turn, 48 kHz."""
        assert self._pool is not None, "an ear is used inside its context"
        pcm = to_pcm16(resample(sound, OPUS_RATE, EAR_RATE))
        return await asyncio.get_running_loop().run_in_executor(self._pool, _transcribe, pcm)


def _load() -> None:
    from moonshine_voice import ModelArch, Transcriber, get_assets_path  # heavy, and only wanted in the child

    global _transcriber
    os.nice(5)
    # Its threads wait for each other, spinning, and take the cores from the engine that the demo shows.
    os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "1"
    _transcriber = Transcriber(
        model_path=str(get_assets_path().joinpath("tiny-en")),
        model_arch=ModelArch.TINY,
        # Without this its own segmentation invents a leading "You".
        options={"identify_speakers": "false", "vad_threshold": "0.0"},
    )


def _transcribe(pcm: bytes) -> str:
    samples = from_pcm16(pcm)
    step = int(_LONGEST_S * EAR_RATE)
    pieces = [samples[at : at + step] for at in range(0, len(samples), step)]
    return " ".join(text for piece in pieces if len(piece) >= EAR_RATE // 10 and (text := _words_of(piece)))


def _words_of(piece: Sound) -> str:
    """Recognise one piece; silence around it often breaks the engine out of a loop of words."""
    text = _recognise(piece)
    if not is_looping(text):
        return text
    silence = np.zeros(EAR_RATE // 3, dtype=np.float32)
    return min(text, _recognise(np.concatenate([silence, piece, silence])), key=len)


def _recognise(piece: Sound) -> str:
    transcript = _transcriber.transcribe_without_streaming(piece.tolist(), EAR_RATE)
    return " ".join(line.text.strip() for line in transcript.lines)


def is_looping(text: str) -> bool:
    """Whether a text says the same two words three times over, as nobody does and small recognisers do."""
    words = text.lower().split()
    pairs = Counter(pairwise(words))
    return any(times >= 3 and not any(word.strip(",.").isdigit() for word in pair) for pair, times in pairs.items())
