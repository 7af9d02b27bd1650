"""What a bench says in the end: to programs as JSON, to people as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cordboard.cli.bench.figure import Figure
from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.spread import Spread, rounded


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one bench."""

    bench: str
    machine: Machine
    tries: int
    figures: Sequence[Figure]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every figure that has a bar clears it."""
        return all(figure.met is not False for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {
            "bench": self.bench,
            "met": self.met,
            "tries": self.tries,
            "machine": self.machine.to_json(),
            "figures": [figure.to_json() for figure in self.figures],
            **self.more,
        }

    def show(self, console: Console) -> None:
        """Print the figures, then what each missed one is made of."""
        console.print(_figures(self.figures))
        for figure in self.figures:
            if figure.counts:
                counts = ", ".join(f"{count} {name}" for name, count in figure.counts.items())
                console.print(Text(f"{figure.name}: {counts}", style="dim"))
        for figure in self.figures:
            if figure.met is False and figure.stages:
                console.print()
                console.print(Text(f"{figure.name}, by stage ({figure.stage_unit or figure.unit})", style="bold"))
                console.print(_stages(figure.stages))
        console.print()
        for figure in self.figures:
            if figure.note:
                console.print(Text(f"{figure.name}: {figure.note}", style="dim"))
        console.print(Text(str(self.machine), style="dim"))


def _figures(figures: Sequence[Figure]) -> Table:
    table = _table(("figure", "unit", "p50", "p95", "tries", "bar", ""))
    for figure in figures:
        verdict = {True: Text("met", "green"), False: Text("MISSED", "bold red"), None: Text("")}[figure.met]
        bars = ", ".join(str(bar) for bar in figure.bars)
        p50, p95, count = _numbers(figure.spread)
        table.add_row(figure.name, figure.unit, p50, p95, count, bars, verdict)
    return table


def _stages(stages: Mapping[str, Spread]) -> Table:
    table = _table(("stage", "p50", "p95", "tries"))
    for name, spread in stages.items():
        table.add_row(name, *_numbers(spread))
    return table


def _numbers(spread: Spread) -> tuple[str, str, str]:
    if not spread.values:
        return "-", "-", "0"
    return f"{rounded(spread.p50):g}", f"{rounded(spread.p95):g}", str(len(spread))


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in {"p50", "p95", "tries"} else "left", overflow="fold")
    return table
