"""The second pass by whisper, in a spawned process of its own that ends when nobody needs it."""

import asyncio
import contextlib
import json
import os
import struct
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any, Final

from cordboard.activities.wrap_up.speech.heard_word import HeardWord
from cordboard.core.errors import UnavailableError

MODULE: Final = "cordboard.activities.wrap_up.speech.whisper_worker"
START_SECONDS: Final = 120.0
REQUEST_SECONDS: Final = 300.0
"""A niced process on a busy machine may wait long; one that hangs does not answer at all."""

IDLE_SECONDS: Final = 60.0
"""A process that nobody asked for so long ends: it holds a quarter of a gigabyte, and is back within seconds."""

_PREFIX = struct.Struct("<I")


class WhisperTranscriber:
    """A `FinalTranscriber`; its process is started at the first request, and anew after it died."""

    def __init__(self, module: str = MODULE, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Name the module that is the process's main."""
        self.version = ""
        self._module = module
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._idle_seconds = idle_seconds
        self._resting: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def transcribe(self, pcm: bytes) -> list[HeardWord]:
        """Give the words; see FinalTranscriber. Raises UnavailableError(ENGINE_AWAY, ENGINE_FAILED)."""
        async with self._turn:
            self._rest(None)
            answer = await self._ask(pcm)
            self._rest(asyncio.create_task(self._end_when_idle()))
        if "error" in answer:
            raise UnavailableError("ENGINE_FAILED", "the engine refused a piece of sound", kind=str(answer["error"]))
        return [HeardWord(*word) for word in answer["words"]]

    async def close(self) -> None:
        """End the process, once it has answered."""
        self._rest(None)
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        self._process = None

    def _rest(self, resting: asyncio.Task[None] | None) -> None:
        if self._resting is not None:
            self._resting.cancel()
        self._resting = resting

    async def _end_when_idle(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        async with self._turn:
            await self._end()

    async def _ask(self, pcm: bytes) -> dict[str, Any]:
        try:
            process = await self._running()
            assert process.stdin is not None
            async with asyncio.timeout(REQUEST_SECONDS):
                process.stdin.write(_PREFIX.pack(len(pcm)) + pcm)
                await process.stdin.drain()
                return await self._receive(process)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            await self._end()
            raise UnavailableError("ENGINE_AWAY", "the engine of the second pass is not there") from error
        except asyncio.CancelledError:
            # Its answer would be taken for the next request's.
            await self._end()
            raise

    async def _running(self) -> Process:
        if self._process is not None and not self.is_running:
            await self._end()
        if self._process is None:
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", self._module, stdin=PIPE, stdout=PIPE, env=environment
            )
            async with asyncio.timeout(START_SECONDS):
                self.version = str((await self._receive(self._process))["version"])
        return self._process

    @staticmethod
    async def _receive(process: Process) -> dict[str, Any]:
        assert process.stdout is not None
        (size,) = _PREFIX.unpack(await process.stdout.readexactly(_PREFIX.size))
        answer: dict[str, Any] = json.loads(await process.stdout.readexactly(size))
        return answer
