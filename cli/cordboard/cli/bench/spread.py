"""How the values of many tries are spread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of one quantity, sorted; empty when nothing was measured."""

    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Take the values of all tries, in any order."""
        return cls(tuple(sorted(values)))

    def __len__(self) -> int:
        return len(self.values)

    def quantile(self, part: float) -> float:
        """Give the smallest value that `part` (0 to 1) of all values do not exceed: none is made up in between.

        Raises ValueError when there are no values.
        """
        if not self.values:
            raise ValueError("nothing was measured")
        return self.values[max(0, ceil(part * len(self.values)) - 1)]

    @property
    def p50(self) -> float:
        """The median."""
        return self.quantile(0.5)

    @property
    def p95(self) -> float:
        """What 95 of 100 tries do not exceed."""
        return self.quantile(0.95)

    @property
    def p99(self) -> float:
        """What 99 of 100 tries do not exceed."""
        return self.quantile(0.99)

    def to_json(self) -> dict[str, float | int | None]:
        """Give count, p50, p95, p99 and the extremes; all but the count are None when nothing was measured."""
        names = ("p50", "p95", "p99", "least", "most")
        if not self.values:
            return {"count": 0, **dict.fromkeys(names)}
        numbers = (self.p50, self.p95, self.p99, self.values[0], self.values[-1])
        return {"count": len(self), **{name: rounded(number) for name, number in zip(names, numbers, strict=True)}}


def stages_of(tries: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Spread each stage over the tries that have it, in the order in which the stages first come up."""
    names = dict.fromkeys(name for stages in tries for name in stages)
    return {name: Spread.of(stages[name] for stages in tries if name in stages) for name in names}


def rounded(number: float) -> float:
    """Cut a number to what a measurement can tell: four significant digits, whole numbers from 1,000 on."""
    return float(round(number)) if abs(number) >= 1000 else float(f"{number:.4g}")
