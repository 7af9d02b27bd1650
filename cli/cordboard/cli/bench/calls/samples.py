"""What the callers measured, each value with its moment, so that a step takes what fell into its window."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from cordboard.cli.bench.spread import Spread

Quantity = Literal["answer", "click", "reply", "barge_in", "late_speech", "forwarded", "echo"]
NO_ANSWER_MS = 6000.0
"""A turn that was not answered within this time counts as if it had been answered then."""
_KEPT = 2_000


@dataclass(slots=True)
class Samples:
    """Values in milliseconds by quantity, and what cannot be told in milliseconds."""

    values: dict[Quantity, list[tuple[float, float]]] = field(default_factory=dict)
    failures: list[tuple[float, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    call_ids: list[str] = field(default_factory=list)
    replies: list[tuple[str, float, float]] = field(default_factory=list)
    """Call, end of the caller's speech, and milliseconds to the reply, of each turn that was answered."""

    def add(self, quantity: Quantity, at: float, value_ms: float) -> None:
        """Note a value that was measured at a moment."""
        self.values.setdefault(quantity, []).append((at, value_ms))

    def count(self, what: str, by: int = 1) -> None:
        """Count something."""
        self.counts[what] = self.counts.get(what, 0) + by

    def fail(self, at: float, why: str) -> None:
        """Note a call that failed."""
        self.failures.append((at, why))

    def within(self, quantity: Quantity, began: float, ended: float) -> list[float]:
        """Give the values of a quantity that were measured in a span of time."""
        return [value for at, value in self.values.get(quantity, ()) if began <= at <= ended]

    def spreads(self, began: float, ended: float) -> Callable[[Quantity], Spread]:
        """Give what tells the spread of each quantity in a span of time, thinned where there are very many values."""
        return lambda quantity: Spread.of(thinned(self.within(quantity, began, ended), _KEPT))


def thinned(values: Iterable[float], most: int) -> list[float]:
    """Give at most so many values that are spread as all of them are: evenly spaced quantiles, extremes included."""
    ordered = sorted(values)
    if len(ordered) <= most:
        return ordered
    return [ordered[round(at * (len(ordered) - 1) / (most - 1))] for at in range(most)]
