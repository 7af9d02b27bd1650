"""A process that the supervisor started."""

import asyncio
import contextlib
import json
import os
import pwd
import signal
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cordboard.cli.supervision import process_table
from cordboard.cli.supervision.reaper import Reaper
from cordboard.core.errors import UnavailableError

_OLD_LOG_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Launch:
    """How to start a process.

    Without `user` it runs as whoever runs the supervisor. `announces`: it says on standard output when it serves.
    """

    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    user: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    announces: bool = False


class Child:
    """A running process, the leader of a process group of its own."""

    def __init__(self, name: str, process: Process, launch: Launch, reaper: Reaper) -> None:
        """Use `Child.start`."""
        self.name = name
        self.pid = process.pid
        self._process = process
        self._launch = launch
        self._reaper = reaper
        self._announced: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pump: asyncio.Task[None] | None = None
        self._ended = asyncio.create_task(self._reap(), name=f"reap {name}")

    @classmethod
    async def start(cls, name: str, launch: Launch, log: Path, reaper: Reaper) -> "Child":
        """Start a process; what it says goes to its log file."""
        if log.exists() and log.stat().st_size > _OLD_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CORDBOARD_")}
        # A pipe of our own: asyncio's would keep `wait` waiting for whoever else holds its other end.
        reading, writing = os.pipe()
        with (
            os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output,
            os.fdopen(writing, "wb") as pipe,
        ):
            try:
                process = await asyncio.create_subprocess_exec(
                    *as_user(launch.user),
                    *launch.command,
                    stdin=DEVNULL,
                    stdout=pipe if launch.announces else output,
                    stderr=output,
                    cwd=launch.cwd,
                    env=inherited | launch.env,
                    start_new_session=True,
                )
            except OSError:
                os.close(reading)
                raise
        reaper.watch(process.pid, launch.stop_signal)
        child = cls(name, process, launch, reaper)
        child._pump = asyncio.create_task(child._follow_output(reading, log), name=f"output of {name}")
        return child

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self._ended.done()

    async def announcement(self) -> dict[str, Any]:
        """Wait for its ready line. Raises UnavailableError(PROCESS_ENDED) when it ends before."""
        either: set[asyncio.Future[Any]] = {self._announced, self._ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._announced.done():
            raise self.ended_error()
        return self._announced.result()

    async def wait(self) -> int:
        """Wait for its end; a negative code names the signal that ended it."""
        return await asyncio.shield(self._ended)

    async def stop(self, grace: float) -> None:
        """Ask it to stop, and kill it when it has not within `grace` seconds."""
        self.ask_to_stop()
        await asyncio.wait({self._ended}, timeout=grace)
        if self.is_alive:
            self.signal(signal.SIGKILL)
        await self.wait()

    def ask_to_stop(self) -> None:
        """Ask it to stop, as it wants to be asked; nothing happens when it has ended."""
        self.signal(self._launch.stop_signal)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def ended_error(self) -> UnavailableError:
        """Make the error that says that it ended too early."""
        return UnavailableError("PROCESS_ENDED", "a process ended before it served", process=self.name)

    async def _reap(self) -> int:
        code = await self._process.wait()
        # What it started and left behind must not hold its ports.
        while process_table.group_members(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        self._reaper.release(self.pid)
        if self._pump:
            await self._pump
        return code

    async def _follow_output(self, pipe: int, log: Path) -> None:
        output = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(pipe, "rb")
        )
        with log.open("ab", buffering=0) as copy:
            while line := await output.readline():
                copy.write(line)
                if not self._announced.done() and line.startswith(b"{"):
                    with contextlib.suppress(ValueError):
                        said = json.loads(line)
                        if said.get("ready") is True:
                            self._announced.set_result(said)
        transport.close()


def as_user(user: str) -> tuple[str, ...]:
    """Give the command prefix that runs a program as another user, keeping its process id."""
    if not user:
        return ()
    account = pwd.getpwnam(user)
    return ("/usr/bin/setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
