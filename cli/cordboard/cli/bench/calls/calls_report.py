"""What a load says in the end: to programs as JSON, to people as tables and a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cordboard.cli.bench.calls.calls_bench import CallsRun
from cordboard.cli.bench.calls.core_chart import core_chart
from cordboard.cli.bench.calls.cost import Cost, costs
from cordboard.cli.bench.calls.least_squares import Fit
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.figure import Figure
from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.spread import rounded
from cordboard.cli.output import table


@dataclass(frozen=True, slots=True)
class CallsReport:
    """A load and the machine that it was held on."""

    run: CallsRun
    machine: Machine

    @property
    def verdict(self) -> str:
        """Say in one sentence how many calls there may be and what broke."""
        ladder = self.run.ladder
        if ladder.broke is None:
            return f"nothing broke up to {ladder.held} calls at once on {self.machine.cpus} cores"
        named = " and ".join(ladder.broken)
        return (
            f"{ladder.held} calls at once hold on {self.machine.cpus} cores; with {ladder.broke.calls} broke: {named}"
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        ladder = self.run.ladder
        return {
            "bench": "calls",
            "kind": self.run.wanted.kind.value,
            "verdict": self.verdict,
            "held": ladder.held,
            "broke": {"calls": ladder.broke.calls, "figures": ladder.broken} if ladder.broke else None,
            "steps": [step.to_json() for step in ladder.steps],
            "idle_cores": {name: round(cores, 5) for name, cores in self.run.idle.cores.items()},
            "cost": [cost.to_json() for cost in self._costs()],
            "machine": self.machine.to_json(),
        }

    def show(self, console: Console) -> None:
        """Print it for people."""
        steps = self.run.ladder.steps
        console.print(_figures(steps))
        console.print()
        console.print(core_chart(self.run.idle, steps, self.machine.cpus))
        console.print()
        console.print(_costs(self._costs()))
        broke = self.run.ladder.broke
        for figure in broke.figures if broke else ():
            if figure.name in self.run.ladder.broken and figure.stages:
                console.print()
                console.print(Text(f"{figure.name}, with {broke.calls if broke else 0} calls, by stage", style="bold"))
                console.print(_stages(figure))
        console.print()
        for figure in steps[-1].figures:
            if figure.note:
                console.print(Text(f"{figure.name}: {figure.note}", style="dim"))
        console.print(Text(str(self.machine), style="dim"))
        console.print(Text(self.verdict, style="bold"))

    def _costs(self) -> list[Cost]:
        return costs(self.run.idle, self.run.ladder.steps, self.machine.cpus)


def _figures(steps: Sequence[Step]) -> Table:
    rows: list[tuple[str | Text, ...]] = [("calls on average", *(f"{step.concurrency:.1f}" for step in steps))]
    names = list(dict.fromkeys(figure.name for step in steps for figure in step.figures))
    for name in names:
        of_steps = [next((figure for figure in step.figures if figure.name == name), None) for step in steps]
        bars = next((figure.bars for figure in of_steps if figure and figure.bars), ())
        unit = next(figure.unit for figure in of_steps if figure)
        told = f"{name}, {unit}" + (f" ({', '.join(map(str, bars))})" if bars else "")
        rows.append((told, *(_numbers(figure) for figure in of_steps)))
    counted = dict.fromkeys(name for step in steps for name in step.counts)
    rows.extend((name, *(str(step.counts.get(name, 0)) for step in steps)) for name in counted)
    rows.append(("calls that failed", *(_failed(step) for step in steps)))
    rows.append(("CPU of the engine, cores", *(f"{step.usage.engine_cores:.2f}" for step in steps)))
    rows.append(("load average", *(f"{step.load:.2f}" for step in steps)))
    return table(("p50 / p95", *(str(step.calls) for step in steps)), rows)


def _numbers(figure: Figure | None) -> Text:
    if figure is None or not figure.spread.values:
        return Text("-", "dim")
    p50, p95 = (f"{rounded(value):g}" for value in (figure.spread.p50, figure.spread.p95))
    shown = p50 if len(figure.spread) == 1 and figure.unit == "ratio" else f"{p50} / {p95}"
    return Text(shown, {True: "green", False: "bold red", None: ""}[figure.met])


def _failed(step: Step) -> Text:
    reasons = ", ".join(sorted(set(step.failures)))
    return Text(f"{len(step.failures)} {reasons}".strip(), "bold red" if step.failures else "dim")


def _costs(found: Sequence[Cost]) -> Table:
    columns = ("process", "idle, core", "per call, core", "R2", "", "without calls, MiB", "per call, MiB", "R2", "")
    rows = [(cost.process, f"{cost.idle_cores:.3f}", *_line(cost.cpu, 3), *_memory(cost.memory)) for cost in found]
    return table(columns, rows)


def _memory(fit: Fit) -> tuple[str, ...]:
    return (f"{fit.intercept:.0f}", *_line(fit, 1))


def _line(fit: Fit, digits: int) -> tuple[str, str, str]:
    return (f"{fit.slope:.{digits}f}", f"{fit.r_squared:.2f}", fit.growth)


def _stages(figure: Figure) -> Table:
    rows = [
        (name, f"{rounded(spread.p50):g}", f"{rounded(spread.p95):g}", str(len(spread)))
        for name, spread in figure.stages.items()
        if spread.values
    ]
    return table(("stage, ms", "p50", "p95", "turns"), rows)
