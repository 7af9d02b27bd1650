"""Keeps one service running: starts it, waits until it serves, starts it again when it dies."""

import asyncio
from collections.abc import Callable
from signal import SIGKILL, Signals

import aiohttp
import asyncpg

from cordboard.cli.supervision.child import Child
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.reaper import Reaper
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack_state import Health, ServiceState
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import CordboardError, UnavailableError

FIRST_DELAY, LAST_DELAY = 0.25, 10.0
STEADY_SECONDS = 30.0
START_TIMEOUT = 120.0
STOP_GRACE = 10.0
TRIES_AT_FIRST = 3


class Keeper:
    """Runs one service until it is asked to stop."""

    def __init__(
        self,
        service: Service,
        directory: StateDirectory,
        ports: PortBook,
        reaper: Reaper,
        changed: Callable[[ServiceState], None],
        steady_seconds: float = STEADY_SECONDS,
    ) -> None:
        """Describe what is kept; `changed` hears of every change of its state.

        What dies after it lived for `steady_seconds` is started again without the back-off of what keeps dying.
        """
        log = directory.logs / f"{service.name}.log"
        self.state = ServiceState(service.name, service.kind, log=str(log))
        self.service = service
        self.ready = asyncio.Event()
        self.failed: asyncio.Future[CordboardError] = asyncio.get_running_loop().create_future()
        self.child: Child | None = None
        self.dependents: list[Keeper] = []
        self._log = log
        self._ports = ports
        self._reaper = reaper
        self._changed = changed
        self._steady_seconds = steady_seconds
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self, needs: list["Keeper"]) -> None:
        """Begin to keep it running, once those that it needs serve."""
        for need in needs:
            need.dependents.append(self)
        self._task = asyncio.create_task(self._run(needs), name=f"keep {self.service.name}")

    async def _run(self, needs: list["Keeper"]) -> None:
        """Keep it running; ends when the service cannot be started at all, or by cancellation."""
        loop = asyncio.get_running_loop()
        delay, tries, ever_ready = FIRST_DELAY, 0, False
        while True:
            for need in needs:
                await need.ready.wait()
            started = loop.time()
            try:
                ended = await self._live_once()
            except (CordboardError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, aiohttp.ClientError) as why:
                error = _failure(why, self.service.name)
                tries += 1
                if not ever_ready and tries >= TRIES_AT_FIRST:
                    error.fields["log"] = self.state.log
                    self._set("failed", note=str(error))
                    self.failed.set_result(error)
                    return
                note = str(error)
            else:
                ever_ready = True
                note = f"ended with {_name_of_end(ended)}"
            delay = FIRST_DELAY if loop.time() - started > self._steady_seconds else min(delay * 2, LAST_DELAY)
            self.state.restarts += 1
            self._set("restarting", note=note)
            await asyncio.sleep(delay if tries or self.state.restarts > 1 else 0)

    async def _live_once(self) -> int:
        """Start it and follow it to its end. Raises CordboardError when it never served."""
        self._ports.renew(self.service.name)
        await self.service.prepare()
        self._set("starting")
        child = await self._start_child()
        self.child = child
        self.state.pid = child.pid
        self._set("starting")
        try:
            before = self.state.addresses
            self.state.addresses = await asyncio.wait_for(self.service.serving(child), START_TIMEOUT)
            self.ready.set()
            if before and before != self.state.addresses:
                self._restart_dependents()
            self._set("ready")
            return await child.wait()
        except TimeoutError as error:
            raise UnavailableError("START_TIMEOUT", "it did not serve in time", process=self.service.name) from error
        finally:
            self.ready.clear()
            if self._stopping and child.is_alive:
                self._set("stopping")
            await child.stop(grace=STOP_GRACE if self._stopping else 0)
            self.state.pid = 0

    async def _start_child(self) -> Child:
        launch = self.service.launch()
        starting = asyncio.ensure_future(Child.start(self.service.name, launch, self._log, self._reaper))
        try:
            return await asyncio.shield(starting)
        except OSError as error:
            raise UnavailableError("START_FAILED", f"it could not be started: {error.strerror}") from error
        except asyncio.CancelledError:
            # A process that is being made just now must not be forgotten.
            await (await starting).stop(grace=STOP_GRACE)
            raise

    def kill(self, number: Signals) -> None:
        """Send its process a signal; what dies of it is started again. Raises UnavailableError(NO_PROCESS)."""
        if self.child is None or not self.child.is_alive:
            raise UnavailableError("NO_PROCESS", "there is no such process now", process=self.service.name)
        if number == SIGKILL:
            self.ready.clear()
        self.child.signal(number)

    async def stop(self) -> None:
        """Stop it for good."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._set("stopped")

    def _restart_dependents(self) -> None:
        """Have those that know its old addresses started anew with the new ones."""
        for keeper in self.dependents:
            if keeper.child is not None:
                keeper.child.ask_to_stop()

    def _set(self, health: Health, note: str = "") -> None:
        self.state.health, self.state.note = health, note
        self._changed(self.state)


def _failure(why: Exception, name: str) -> CordboardError:
    """A full disk, or a server that breaks off while it is set up, is as good as one that did not serve."""
    if isinstance(why, CordboardError):
        return why
    return UnavailableError("START_FAILED", f"it could not be started: {type(why).__name__}", process=name)


def _name_of_end(code: int) -> str:
    return f"code {code}" if code >= 0 else Signals(-code).name
