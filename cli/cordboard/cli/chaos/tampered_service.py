"""A service that can be kept away for a while, or be started with another clock."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace

from cordboard.cli.supervision.child import Child, Launch
from cordboard.cli.supervision.service import Kind, Service

CLOCK_OFFSET = "CORDBOARD_CLOCK_OFFSET"


class TamperedService:
    """Stands before a service of the supervisor and does as it is told at the service's next start."""

    def __init__(self, service: Service) -> None:
        """Leave the service as it is."""
        self._service = service
        self._open = asyncio.Event()
        self._open.set()
        self.clock_offset_s = 0.0
        """How far the wall clock of the process will be ahead, in seconds; behind when negative."""

    @property
    def name(self) -> str:
        """See Service.name."""
        return self._service.name

    @property
    def kind(self) -> Kind:
        """See Service.kind."""
        return self._service.kind

    @property
    def needs(self) -> tuple[str, ...]:
        """See Service.needs."""
        return self._service.needs

    @contextlib.contextmanager
    def kept_away(self) -> Iterator[None]:
        """Let no start of it begin while the block runs; who wants it away has to end it as well."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def prepare(self) -> None:
        """See Service.prepare; waits while it is kept away."""
        await self._open.wait()
        await self._service.prepare()

    def launch(self) -> Launch:
        """See Service.launch."""
        launch = self._service.launch()
        if not self.clock_offset_s:
            return launch
        return replace(launch, env=launch.env | {CLOCK_OFFSET: str(self.clock_offset_s)})

    async def serving(self, child: Child) -> dict[str, str]:
        """See Service.serving."""
        return await self._service.serving(child)
