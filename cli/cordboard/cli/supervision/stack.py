"""Everything that a folder runs, as a library: `async with Stack(home) as stack`."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, Signals
from types import TracebackType
from typing import Any, Self

from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.keeper import STEADY_SECONDS, Keeper
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.postgres import remove_data
from cordboard.cli.supervision.reaper import Reaper
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack_state import ServiceState, StackState
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import NotFoundError
from cordboard.runtime.core_dumps import forbid_core_dumps
from cordboard.runtime.identity import create_keys

Describe = Callable[[StateDirectory, PortBook], list[Service]]


class Stack:
    """The servers and processes of one folder, started on entry, stopped on exit, restarted when they die.

    `counts` says how many there are of a component (1 where nothing is said). `describe` replaces the whole list, for
    tests. `observe` hears of every change of a service's state. What dies after `steady_seconds` is not slowed by
    back-off.
    """

    def __init__(
        self,
        home: Path,
        *,
        counts: dict[str, int] | None = None,
        describe: Describe | None = None,
        observe: Callable[[ServiceState], None] = lambda state: None,
        steady_seconds: float = STEADY_SECONDS,
    ) -> None:
        """Describe the stack; nothing is started yet."""
        self.directory = StateDirectory(home)
        self.state = StackState(home=str(self.directory.root), pid=os.getpid())
        self._counts = counts or {}
        self._describe = describe or self._everything
        self._observe = observe
        self._steady_seconds = steady_seconds
        self._keepers: dict[str, Keeper] = {}
        self._held = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        # Servers and engines inherit it.
        forbid_core_dumps()
        self.directory.create()
        self._held.enter_context(self.directory.held())
        try:
            await self._start()
        except BaseException:
            # Also when whoever waits gives up: without `__aexit__` nobody else would stop what was started.
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def gateway_grpc(self) -> str:
        """The `host:port` of the gateway's gRPC door."""
        return self.state.address("gateway", "grpc")

    @property
    def gateway_http(self) -> str:
        """The URL of the gateway's HTTP door."""
        return self.state.address("gateway", "http")

    def address(self, name: str, kind: str = "grpc") -> str:
        """Give an address of a service (`grpc`, `http`, `sql`, `ui`); empty when it has none."""
        return self._keeper(name).state.addresses.get(kind, "")

    def pids(self) -> dict[str, int]:
        """Give the process id of every service that runs now."""
        return {name: keeper.state.pid for name, keeper in self._keepers.items() if keeper.state.pid}

    async def kill(self, name: str, number: Signals = SIGKILL) -> int:
        """Send a service's process a signal and return its id; a fatal one returns once the process is gone.

        `name` may leave out the number of a first instance. Raises NotFoundError, UnavailableError.
        """
        keeper = self._keeper(name)
        child = keeper.child
        keeper.kill(number)
        if child is None:
            return 0
        if number == SIGKILL:
            await child.wait()
        return child.pid

    async def ready(self, name: str) -> None:
        """Return when the service serves, again or still."""
        await self._keeper(name).ready.wait()

    async def all_ready(self) -> None:
        """Return when every service serves. Raises the error of one that cannot be started."""
        ready = asyncio.gather(*(keeper.ready.wait() for keeper in self._keepers.values()))
        failures = [keeper.failed for keeper in self._keepers.values()]
        try:
            either: set[asyncio.Future[Any]] = {ready, *failures}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for failure in failures:
                if failure.done():
                    raise failure.result()
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ready

    async def _start(self) -> None:
        create_keys(self.directory.keys)
        ports = PortBook(self.directory)
        reaper = Reaper()
        self._held.callback(reaper.close)
        for service in self._describe(self.directory, ports):
            keeper = Keeper(service, self.directory, ports, reaper, self._changed, self._steady_seconds)
            self._keepers[service.name] = keeper
            self.state.services[service.name] = keeper.state
        for keeper in self._keepers.values():
            keeper.start([self._keepers[need] for need in keeper.service.needs])
        await self.all_ready()

    async def _stop(self) -> None:
        """Stop everything, each service after those that need it."""
        stopped = {name: asyncio.Event() for name in self._keepers}

        async def stop(name: str) -> None:
            for dependent in self._keepers[name].dependents:
                await stopped[dependent.service.name].wait()
            await self._keepers[name].stop()
            stopped[name].set()

        await asyncio.gather(*(stop(name) for name in self._keepers))
        self._held.close()

    def _changed(self, state: ServiceState) -> None:
        self.state.save(self.directory)
        self._observe(state)

    def _keeper(self, name: str) -> Keeper:
        keeper = self._keepers.get(name) or self._keepers.get(f"{name}-1")
        if keeper is None:
            raise NotFoundError("SERVICE_UNKNOWN", "there is no such service", service=name)
        return keeper

    def _everything(self, directory: StateDirectory, ports: PortBook) -> list[Service]:
        return [*catalogue.servers(directory, ports), *catalogue.processes(directory, ports, self._counts)]


def destroy(home: Path) -> None:
    """Delete all that a folder's stack has kept, its database included. Raises ConflictError(ALREADY_RUNNING)."""
    directory = StateDirectory(home)
    if not directory.root.exists():
        return
    with directory.held():
        remove_data(directory)
        shutil.rmtree(directory.root)
