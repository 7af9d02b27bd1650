"""One step of the ladder: so many calls at once, what they measured, and what that took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cordboard.cli.bench.calls.usage import Usage
from cordboard.cli.bench.figure import Figure
from cordboard.cli.bench.spread import rounded


@dataclass(frozen=True, slots=True)
class Step:
    """`calls` were wanted at once; `concurrency` is how many there were on average over the window."""

    calls: int
    concurrency: float
    usage: Usage
    figures: Sequence[Figure]
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: Sequence[str] = ()
    load: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Names of the figures that miss their bar, and `calls that failed` when there are any."""
        names = [figure.name for figure in self.figures if figure.met is False]
        return [*names, "calls that failed"] if self.failures else names

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "calls": self.calls,
            "concurrency": rounded(self.concurrency),
            "seconds": rounded(self.usage.seconds),
            "broken": self.broken,
            "failures": list(self.failures),
            "counts": dict(self.counts),
            "load_average": rounded(self.load),
            "cores": {name: rounded(cores) for name, cores in self.usage.cores.items()},
            "engine_cores": rounded(self.usage.engine_cores),
            "resident_mib": {name: rounded(mib) for name, mib in self.usage.mib.items()},
            "figures": [figure.to_json() for figure in self.figures],
        }
