"""Where chaos reigns: servers and processes of its own, each of which can be tampered with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cordboard.cli.bench.progress import Progress
from cordboard.cli.chaos.tampered_service import TamperedService
from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.cli.supervision.state_directory import StateDirectory

FOLDER = "chaos"
COUNTS = {"worker": 2, "media-node": 2}
"""So that there is another to go on; there is one ledger, one gateway and one voice agent."""
_STEADY_SECONDS = 2.0
"""What is killed every few seconds must not be taken for something that cannot live."""


class ChaosStack:
    """A running stack and the hands on its services."""

    def __init__(self, stack: Stack, services: dict[str, TamperedService]) -> None:
        """Take a running stack and its services by name."""
        self.stack = stack
        self.services = services

    @property
    def home(self) -> Path:
        """The folder of the stack."""
        return self.stack.directory.root


@asynccontextmanager
async def chaos_stack(home: Path, progress: Progress) -> AsyncIterator[ChaosStack]:
    """Run everything on empty data; logs and data stay until the next run.

    Raises ConflictError(ALREADY_RUNNING) while another run goes on in the same state directory.
    """
    place = home.absolute() / FOLDER
    progress.step("removing what the last run left")
    destroy(place)
    progress.step("starting servers and processes")
    services: dict[str, TamperedService] = {}

    def tampered(directory: StateDirectory, ports: PortBook) -> list[Service]:
        every = [*catalogue.servers(directory, ports), *catalogue.processes(directory, ports, COUNTS)]
        services.update({service.name: TamperedService(service) for service in every})
        return list(services.values())

    async with Stack(place, describe=tampered, steady_seconds=_STEADY_SECONDS) as stack:
        yield ChaosStack(stack, services)
