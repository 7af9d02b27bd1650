"""Where a bench runs: servers and processes of its own, in a folder below the state directory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cordboard.cli.bench.progress import Progress
from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.engine_process import EngineProcess
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.cli.supervision.state_directory import StateDirectory

FOLDER = "bench"


@asynccontextmanager
async def workshop(home: Path, progress: Progress, only: Sequence[str] = ()) -> AsyncIterator[Stack]:
    """Run everything, or `only` the services named, on empty data; logs and data stay until the next bench.

    Raises ConflictError(ALREADY_RUNNING) while another bench runs in the same state directory.
    """
    place = home.absolute() / FOLDER
    progress.step("removing what the last bench left")
    destroy(place)
    progress.step("starting servers and processes")

    def chosen(directory: StateDirectory, ports: PortBook) -> list[Service]:
        services = [*catalogue.servers(directory, ports), *catalogue.processes(directory, ports, {})]
        if not only:
            return services
        return [_without_the_others(service, only) for service in services if service.name in only]

    async with Stack(place, describe=chosen) as stack:
        yield stack


def _without_the_others(service: Service, only: Sequence[str]) -> Service:
    """Let a process start although services that it needs are not there: it finds the ledger away, and no store."""
    if not isinstance(service, EngineProcess):
        return service
    role = service.role
    settings = tuple(name for name in role.settings if "s3" in only or not name.startswith("CORDBOARD_S3"))
    return replace(service, role=replace(role, needs=tuple(set(role.needs) & set(only)), settings=settings))
