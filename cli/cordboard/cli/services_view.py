"""What runs in a folder, for people."""

from pathlib import Path

from rich.table import Table

from cordboard.cli.output import coloured, table
from cordboard.cli.page_addresses import page_addresses
from cordboard.cli.supervision.stack_state import StackState
from cordboard.cli.supervision.state_directory import StateDirectory


def services_table(state: StackState) -> Table:
    """Show every service with its health, process and addresses."""
    rows = [
        (
            service.name,
            coloured(service.health),
            str(service.pid or ""),
            " ".join(service.addresses.values()),
            service.note,
        )
        for service in state.services.values()
    ]
    return table(("name", "health", "pid", "addresses", ""), rows)


def where(state: StackState) -> str:
    """Say which addresses a person opens."""
    http = state.address("gateway", "http")
    pages = page_addresses(StateDirectory(Path(state.home)).keys, http) if http else {}
    lines = pages | {
        "gRPC for apps": state.address("gateway", "grpc"),
        "Temporal's pages": state.address("temporal", "ui"),
        "Logs": f"{state.home}/logs",
    }
    return "\n".join(f"[bold]{name}[/]  {value}" for name, value in lines.items() if value)
