"""Rendered lines on disk, named by what they say and in which voice.

Rendering takes seconds and a call must not wait for it, so lines are spoken once per state folder. What is kept
is the speech as it comes out of a telephone line, trimmed, at 48 kHz.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cordboard.cli.demo.sound import OPUS_RATE, Sound, over_the_phone, read_wav, trim, write_wav
from cordboard.cli.demo.voice import Voice

_FORM = "phone-mu-law-1"


class SpeechCache:
    """Lines as sound, rendered at most once."""

    def __init__(self, folder: Path, voice: Voice) -> None:
        """Keep files in `folder`, which is made when it is needed."""
        self._folder = folder
        self._voice = voice

    async def speak(self, lines: Sequence[str]) -> Mapping[str, Sound]:
        """Give each line's sound, rendering those that are not there yet."""
        missing = [line for line in dict.fromkeys(lines) if not self._file(line).exists()]
        if missing:
            self._folder.mkdir(parents=True, exist_ok=True)
            for line, (sound, rate) in zip(missing, await self._voice.render(missing), strict=True):
                self._store(line, trim(over_the_phone(sound, rate), OPUS_RATE))
        return {line: read_wav(self._file(line))[0] for line in lines}

    def _file(self, line: str) -> Path:
        digest = hashlib.sha256(f"{_FORM}\0{self._voice.name}\0{line}".encode()).hexdigest()
        return self._folder / f"{digest[:32]}.wav"

    def _store(self, line: str, sound: Sound) -> None:
        file = self._file(line)
        part = file.with_suffix(f".{os.getpid()}.part")
        write_wav(part, sound, OPUS_RATE)
        part.replace(file)
