"""What runs in a folder, for people."""

from rich.table import Table

from cordboard.cli.output import coloured, table
from cordboard.cli.supervision.stack_state import StackState


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
    lines = {
        "Click to call, agent desk": state.address("gateway", "http"),
        "gRPC for apps": state.address("gateway", "grpc"),
        "Temporal's pages": state.address("temporal", "ui"),
        "Logs": f"{state.home}/logs",
    }
    return "\n".join(f"[bold]{name}[/]  {value}" for name, value in lines.items() if value)
