"""The figures of the kills, as a small table."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_HEAD = ("kill -9 of", "kills", "calls hit", "recovery", "p50 s", "max s", "rtp gap ms", "else ms", "seeds")


@dataclass(frozen=True, slots=True)
class Row:
    """What one process's kills gave; `recovery` names what was waited for, times in seconds."""

    component: str
    seeds: Sequence[int]
    hits: int
    recovery: str
    waits: Sequence[float]
    gap_ms: float
    noise_ms: float


class KillTable:
    """Rows in the order in which they came."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take a row."""
        self._rows.append(row)

    def lines(self) -> list[str]:
        """Give the table as lines of text; none when there is nothing to show."""
        if not self._rows:
            return []
        cells = [_HEAD, *(_cells(row) for row in self._rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]


def _cells(row: Row) -> tuple[str, ...]:
    waits = list(row.waits) or [0.0]
    return (
        row.component,
        str(len(row.seeds)),
        str(row.hits),
        row.recovery,
        f"{median(waits):.2f}",
        f"{max(waits):.2f}",
        f"{row.gap_ms:.0f}",
        f"{row.noise_ms:.0f}",
        " ".join(map(str, row.seeds)),
    )
