"""A picture for the terminal: which process takes how much of the cores, step by step."""

from collections.abc import Sequence

from rich.text import Text

from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.usage import Usage

WIDTH = 60
# Letters tell the processes apart where there is no colour.
_STYLES = ("cyan", "magenta", "yellow", "green", "blue", "red", "bright_cyan", "bright_magenta", "bright_yellow")
_LEAST = 0.5


def core_chart(idle: Usage, steps: Sequence[Step], cpus: int) -> Text:
    """Draw a bar per step, as wide as the machine, each process a letter of its own."""
    usages = [("none", idle), *((str(step.calls), step.usage) for step in steps)]
    letters = _letters(usages)
    chart = Text(f"CPU of {cpus} cores, by calls at once\n", style="bold")
    for calls, usage in usages:
        chart.append(f"{calls:>5} |")
        drawn, reached = 0, 0.0
        for name, (letter, style) in letters.items():
            reached += usage.cores.get(name, 0.0) / cpus * WIDTH
            width = min(WIDTH, int(reached + _LEAST)) - drawn
            chart.append(letter * width, style)
            drawn += width
        chart.append(" " * (WIDTH - drawn))
        chart.append(f"| {usage.all_cores:.2f}\n")
    legend = "  ".join(f"{letter} {name}" for name, (letter, _) in letters.items())
    chart.append(f"       {legend}", "dim")
    return chart


def _letters(usages: Sequence[tuple[str, Usage]]) -> dict[str, tuple[str, str]]:
    """Give letter and style to each process, those that take most first."""
    names = list(dict.fromkeys(name for _, usage in usages for name in usage.cores))
    names.sort(key=lambda name: -sum(usage.cores.get(name, 0.0) for _, usage in usages))
    free = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    letters: dict[str, tuple[str, str]] = {}
    for at, name in enumerate(names):
        letter = next((one.upper() for one in name if one.upper() in free), free[0])
        free.remove(letter)
        letters[name] = (letter, _STYLES[at % len(_STYLES)])
    return letters
