"""A far end as the demo runs it, a caller or a human agent: a child process that is told things and reports."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cordboard.cli.demo.agent import AgentDoor, AgentJob
from cordboard.cli.demo.caller import CallerJob, Door
from cordboard.core.errors import CordboardError, UnavailableError

# A report carries every line and turn; readline's default of 64 KiB would cut it.
_LONGEST_LINE = 4 * 1024 * 1024


class CallerProcess:
    """One caller in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, notice: Callable[[dict[str, Any]], None]) -> None:
        self._process = process
        self._notice = notice
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._signed_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._report: dict[str, Any] | None = None
        self._failure: CordboardError | None = None
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, job: CallerJob | AgentJob, log: Path, notice: Callable[[dict[str, Any]], None]
    ) -> AsyncIterator["CallerProcess"]:
        """Start a far end that gets ready; it is gone when the context is left."""
        module = "caller" if isinstance(job, CallerJob) else "agent"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                f"cordboard.cli.demo.{module}",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=_LONGEST_LINE,
            )
        caller = cls(process, notice)
        try:
            await caller._tell(asdict(job))
            yield caller
        finally:
            await caller._stop()

    async def ready(self) -> None:
        """Return when the caller could call. Raises the caller's own error."""
        await self._ready

    async def signed_in(self) -> None:
        """Return when a human agent is at their desk and ready. Raises the agent's own error."""
        await self._signed_in

    async def open(self, door: Door | AgentDoor) -> None:
        """Tell the far end its door."""
        await self._tell(asdict(door))

    async def call(self, door: Door) -> str:
        """Let the caller call; returns the call's id once the gateway has answered."""
        await self.open(door)
        return await self._answered

    async def report(self) -> dict[str, Any]:
        """Wait for the end of the caller's process and give its report. Raises the caller's own error."""
        await self._process.wait()
        await self._reading
        if self._report is None:
            raise self._failure or self._died()
        return self._report

    async def _tell(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        # A caller that is gone says so by its exit, not by a broken pipe.
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            match message["event"]:
                case "ready":
                    self._ready.set_result(None)
                case "signed_in":
                    self._signed_in.set_result(None)
                case "answered":
                    self._answered.set_result(message["call_id"])
                case "report":
                    self._report = message
                case "failed":
                    self._failure = UnavailableError(message["reason"], message["message"])
            self._notice(message)
        for future in (self._ready, self._signed_in, self._answered):
            if not future.done():
                future.set_exception(self._failure or self._died())
                # Whoever waits sees it; nobody waiting is fine too.
                future.exception()

    def _died(self) -> UnavailableError:
        return UnavailableError("CALLER_DIED", "the caller ended without a report; see its log")

    async def _stop(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
