"""How the command says things: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

# A file or a pipe has no width: ids must come through whole.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
HEALTH_COLOURS = {
    "ready": "green",
    "ok": "green",
    "starting": "yellow",
    "waiting": "bright_black",
    "stopping": "yellow",
    "stopped": "bright_black",
    "optional": "yellow",
}


def print_json(value: Any) -> None:
    """Print one JSON value on a line of its own."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[RenderableType]]) -> Table:
    """Make a plain table."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def coloured(health: str) -> str:
    """Colour a word of health."""
    return f"[{HEALTH_COLOURS.get(health, 'red')}]{health}[/]"
