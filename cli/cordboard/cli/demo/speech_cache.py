"""Rendered lines on disk, named by what they say and in which voice.

Rendering takes seconds and a call must not wait for it, so lines are spoken once per state folder. What is kept
is the speech as it comes out of a telephone line, trimmed, at 48 kHz.

Synthetic voices mumble now and then, and differently each time. A caller speaks up where it matters, so a line
that is to be spoken clearly and that the caller cannot understand itself is rendered again, a few times at most.
"""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cordboard.cli.demo.ear import Ear
from cordboard.cli.demo.sound import OPUS_RATE, Sound, over_the_phone, read_wav, trim, write_wav
from cordboard.cli.demo.voice import Voice
from cordboard.cli.demo.word_error import word_error_rate

_FORM = "phone-mu-law-2"
_MOST_TRIES = 3


class SpeechCache:
    """Lines as sound, rendered once and kept."""

    def __init__(self, folder: Path, voice: Voice, ear: Ear) -> None:
        """Keep files in `folder`, which is made when it is needed; `ear` judges how clear a line is."""
        self._folder = folder
        self._voice = voice
        self._ear = ear

    async def speak(self, lines: Sequence[str], *, clearly: Collection[str] = ()) -> Mapping[str, Sound]:
        """Give each line's sound, rendering those that are not there yet; the clearest of some tries for `clearly`."""
        missing = [line for line in dict.fromkeys(lines) if not self._file(line).exists()]
        if missing:
            self._folder.mkdir(parents=True, exist_ok=True)
            for line, sound in (await self._render(missing, clearly)).items():
                self._store(line, sound)
        return {line: read_wav(self._file(line))[0] for line in lines}

    async def _render(self, lines: list[str], clearly: Collection[str]) -> dict[str, Sound]:
        best: dict[str, tuple[float, Sound]] = {}
        wanted = lines
        for _ in range(_MOST_TRIES):
            for line, (sound, rate) in zip(wanted, await self._voice.render(wanted), strict=True):
                spoken = trim(over_the_phone(sound, rate), OPUS_RATE)
                errors = await self._errors(line, spoken) if line in clearly else 0.0
                if line not in best or errors < best[line][0]:
                    best[line] = (errors, spoken)
            wanted = [line for line in wanted if best[line][0] > 0]
            if not wanted:
                break
        return {line: sound for line, (_, sound) in best.items()}

    async def _errors(self, line: str, sound: Sound) -> float:
        return word_error_rate([line], [await self._ear.hear(sound)]) or 0.0

    def _file(self, line: str) -> Path:
        digest = hashlib.sha256(f"{_FORM}\0{self._voice.name}\0{line}".encode()).hexdigest()
        return self._folder / f"{digest[:32]}.wav"

    def _store(self, line: str, sound: Sound) -> None:
        file = self._file(line)
        part = file.with_suffix(f".{os.getpid()}.part")
        write_wav(part, sound, OPUS_RATE)
        part.replace(file)
