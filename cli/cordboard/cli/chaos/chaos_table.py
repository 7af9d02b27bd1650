"""The table that a run prints."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.spread import Spread
from cordboard.cli.chaos.row_result import ChaosReport, RowResult

_COLUMNS = (
    "fault",
    "calls",
    "lost",
    "events lost",
    "twice",
    "gap p50",
    "p99 ms",
    "before",
    "recovery",
    "p50 s",
    "max s",
    "verdict",
)
_LEFT = {"fault", "recovery", "verdict"}


def show(report: ChaosReport, machine: Machine, console: Console) -> None:
    """Print the table, what fails and why, and what has to be known beside it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column in _LEFT else "right", overflow="fold")
    for row in report.rows:
        table.add_row(*_cells(row))
    console.print(table)
    for row in report.rows:
        for note in row.notes:
            console.print(Text(f"{row.name}: {note}", style="dim"))
        for reason in row.reasons:
            console.print(Text(f"{row.name}: {reason}", style="red"))
    for fault in report.end_faults:
        console.print(Text(f"at the end: {fault}", style="red"))
    console.print(f"{report.calls} calls, {report.events} events on record; seed {report.seed}, {report.form} form")
    console.print(Text(str(machine), style="dim"))


def _cells(row: RowResult) -> tuple[str | Text, ...]:
    verdict = Text("holds", "green") if row.ok else Text("FAILS", "bold red")
    lost = f"{row.lost}" if not row.doomed else f"{row.lost} (+{row.doomed} ended)"
    return (
        row.title,
        str(row.in_flight),
        lost,
        str(row.account.lost),
        str(row.account.twice),
        _number(row.gaps_ms, 0.5, ".0f"),
        _number(row.gaps_ms, 0.99, ".0f"),
        f"{row.noise_ms:.0f}",
        row.recovery,
        _number(row.recover_s, 0.5, ".2f"),
        _number(row.recover_s, 1.0, ".2f"),
        verdict,
    )


def _number(spread: Spread, part: float, form: str) -> str:
    return format(spread.quantile(part), form) if spread.values else "-"
