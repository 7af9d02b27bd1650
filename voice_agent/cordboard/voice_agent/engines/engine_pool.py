"""Engine processes of one kind, shared by all calls of this process."""

import asyncio
import contextlib
import itertools
import logging
from dataclasses import dataclass, field
from enum import IntEnum

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.engine_process import EngineProcess
from cordboard.voice_agent.engines.message_frame import Frame

_log = logging.getLogger(__name__)

# A request that found its engine dead is given to the restarted one; one that kills two engines is given up.
ATTEMPTS = 2
RESTART_PAUSE_S = 0.5


class Priority(IntEnum):
    """Which request goes first."""

    LIVE = 0
    AHEAD = 1


@dataclass(order=True)
class _Job:
    priority: int
    number: int
    request: Frame = field(compare=False)
    answer: "asyncio.Future[Frame]" = field(compare=False)


class EnginePool:
    """Hands requests to the first free engine process; starts a dead one anew and tries again."""

    def __init__(self, module: str, *, processes: int = 1) -> None:
        """Name the module that is the main of each process."""
        self.processes = [EngineProcess(module) for _ in range(processes)]
        self.restarts = 0
        self._jobs: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._runners: list[asyncio.Task[None]] = []

    @property
    def version(self) -> str:
        """Name and version of the engine; empty before the start."""
        return self.processes[0].version

    async def start(self) -> None:
        """Start every process; returns when all are ready. Raises UnavailableError(ENGINE_AWAY)."""
        await asyncio.gather(*(process.start() for process in self.processes))
        self._runners = [asyncio.create_task(self._run(process)) for process in self.processes]

    async def stop(self) -> None:
        """End every process; requests under way fail with ENGINE_AWAY."""
        for runner in self._runners:
            runner.cancel()
        await asyncio.gather(*self._runners, return_exceptions=True)
        while not self._jobs.empty():
            _fail(self._jobs.get_nowait(), UnavailableError("ENGINE_AWAY", "the engines were stopped"))
        await asyncio.gather(*(process.stop() for process in self.processes))

    async def ask(self, request: Frame, priority: Priority = Priority.LIVE) -> Frame:
        """Give a request to the next free process. A cancelled request that waits is never computed.

        Raises UnavailableError with ENGINE_AWAY or ENGINE_FAILED.
        """
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(priority, next(self._numbers), request, answer))
        return await answer

    async def _run(self, process: EngineProcess) -> None:
        while True:
            job = await self._jobs.get()
            if job.answer.done():
                continue
            try:
                await self._serve(process, job)
            except asyncio.CancelledError:
                _fail(job, UnavailableError("ENGINE_AWAY", "the engines were stopped"))
                raise

    async def _serve(self, process: EngineProcess, job: _Job) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if process.pid is None:
                    await self._restart(process)
                answer = await process.ask(job.request)
            except UnavailableError as error:
                if error.reason == "ENGINE_FAILED" or attempt == ATTEMPTS:
                    _fail(job, error)
                    return
            else:
                if not job.answer.done():
                    job.answer.set_result(answer)
                return

    async def _restart(self, process: EngineProcess) -> None:
        self.restarts += 1
        _log.warning("an engine process is started again", extra={"engine": process.module})
        with contextlib.suppress(UnavailableError):
            await process.start()
            return
        await asyncio.sleep(RESTART_PAUSE_S)
        await process.start()


def _fail(job: _Job, error: UnavailableError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
