"""What a call costs by process: CPU and memory against the number of calls at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cordboard.cli.bench.calls.least_squares import Fit
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.usage import CALLERS, Usage

WHOLE_ENGINE = "all of the engine"
_FULL = 0.95
"""From this part of the machine on, CPU cannot grow with the calls any more."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: its CPU without calls in cores, and the lines of CPU (cores) and memory (MiB) against calls."""

    process: str
    idle_cores: float
    cpu: Fit
    memory: Fit

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "process": self.process,
            "idle_cores": round(self.idle_cores, 5),
            "cpu_cores": self.cpu.to_json(),
            "resident_mib": self.memory.to_json(),
        }


def costs(idle: Usage, steps: Sequence[Step], cpus: int) -> list[Cost]:
    """Fit every process, the dearest first, all of the engine before them.

    Steps on a full machine tell nothing of CPU and are left out of its lines.
    """
    free = [step for step in steps if step.usage.all_cores < _FULL * cpus]
    calls, of_memory = [0.0, *(step.concurrency for step in free)], [0.0, *(step.concurrency for step in steps)]
    found = []
    for name in idle.cores:
        cores = [idle.cores[name], *(step.usage.cores.get(name, 0.0) for step in free)]
        mib = [idle.mib.get(name, 0.0), *(step.usage.mib.get(name, 0.0) for step in steps)]
        found.append(Cost(name, idle.cores[name], Fit.of(calls, cores), Fit.of(of_memory, mib)))
    found.sort(key=lambda cost: (cost.process == CALLERS, -cost.cpu.slope))
    everything = Cost(
        WHOLE_ENGINE,
        idle.engine_cores,
        Fit.of(calls, [idle.engine_cores, *(step.usage.engine_cores for step in free)]),
        Fit.of(of_memory, [sum(idle.mib.values()), *(sum(step.usage.mib.values()) for step in steps)]),
    )
    return [everything, *found]
