"""A measured quantity, the bar it has to clear, and what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cordboard.cli.bench.spread import Spread

Statistic = Literal["p50", "p95", "p99"]
Relation = Literal["<", "<=", ">="]


@dataclass(frozen=True, slots=True)
class Bar:
    """What one statistic of a figure has to hold."""

    statistic: Statistic
    relation: Relation
    limit: float

    def holds(self, spread: Spread) -> bool:
        """Tell whether it holds; what was not measured does not."""
        if not spread.values:
            return False
        value = {"p50": spread.p50, "p95": spread.p95, "p99": spread.p99}[self.statistic]
        match self.relation:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">=":
                return value >= self.limit

    def __str__(self) -> str:
        return f"{self.statistic} {self.relation} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a report.

    A figure without bars is there for comparison. `stages` says what it is made of, in order, in `stage_unit` (its own
    when that is empty); `counts` what has to be known beside it; `note` how it was measured.
    """

    name: str
    unit: str
    spread: Spread
    bars: tuple[Bar, ...] = ()
    stages: Mapping[str, Spread] = field(default_factory=dict)
    stage_unit: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether all bars hold; None when there are none."""
        return all(bar.holds(self.spread) for bar in self.bars) if self.bars else None

    def to_json(self) -> dict[str, Any]:
        """Give the figure as plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            **self.spread.to_json(),
            "bar": [str(bar) for bar in self.bars],
            "met": self.met,
            "stage_unit": self.stage_unit or self.unit,
            "stages": {name: spread.to_json() for name, spread in self.stages.items()},
            **({"counts": dict(self.counts)} if self.counts else {}),
            **({"note": self.note} if self.note else {}),
        }
