"""One engine process as its parent sees it."""

import asyncio
import contextlib
import os
import sys

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.message_frame import PREFIX, Frame

START_TIMEOUT_S = 60.0
REQUEST_TIMEOUT_S = 20.0
# Calls are many, cores are few: an engine that spreads one request over several threads has them wait for each other,
# spinning. Moonshine's takes 2.5 times the CPU then, and is slower as soon as another call wants a core.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MOONSHINE_ORT_SINGLE_THREAD": "1"}


class EngineProcess:
    """A spawned process that holds one model and answers one request at a time."""

    def __init__(self, module: str) -> None:
        """Name the module that is the process's main."""
        self.module = module
        self.version = ""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id while the process is up."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and alive else None

    async def start(self) -> None:
        """Spawn the process and wait until its model is loaded. Raises UnavailableError(ENGINE_AWAY)."""
        await self.stop()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **ONE_THREAD},
            )
            async with asyncio.timeout(START_TIMEOUT_S):
                ready = await self._receive(self._process)
        except (OSError, TimeoutError) as error:
            await self.stop()
            raise _away(self.module) from error
        self.version = ready.text("version")

    async def ask(self, request: Frame) -> Frame:
        """Send a request and give the answer.

        Raises UnavailableError: ENGINE_AWAY when the process died or hung (it is down afterwards), ENGINE_FAILED when
        the engine refused this request and lives on.
        """
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise _away(self.module)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                process.stdin.write(request.encode())
                await process.stdin.drain()
                answer = await self._receive(process)
        except (ConnectionError, TimeoutError) as error:
            await self.stop()
            raise _away(self.module) from error
        if "error" in answer.header:
            raise UnavailableError("ENGINE_FAILED", "the engine refused a request", kind=answer.text("error"))
        return answer

    async def stop(self) -> None:
        """End the process, at once when it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    async def _receive(self, process: asyncio.subprocess.Process) -> Frame:
        assert process.stdout is not None
        try:
            head_size, payload_size = PREFIX.unpack(await process.stdout.readexactly(PREFIX.size))
            head = await process.stdout.readexactly(head_size)
            payload = await process.stdout.readexactly(payload_size)
        except asyncio.IncompleteReadError as error:
            await self.stop()
            raise _away(self.module) from error
        return Frame.decode(head, payload)


def _away(module: str) -> UnavailableError:
    return UnavailableError("ENGINE_AWAY", "an engine process is not there", engine=module.rpartition(".")[2])
