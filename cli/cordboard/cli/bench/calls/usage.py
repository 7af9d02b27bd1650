"""What the processes of a stack use: CPU over a span of time, memory at its end."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cordboard.cli.bench.process_meter import family_cpu_s, resident_kib
from cordboard.cli.supervision.stack import Stack

CALLERS = "callers (not the engine)"
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU in cores and resident memory in MiB by process, everything that it started included."""

    seconds: float
    cores: Mapping[str, float] = field(default_factory=dict)
    mib: Mapping[str, float] = field(default_factory=dict)

    @property
    def engine_cores(self) -> float:
        """CPU of all servers and processes together."""
        return sum(cores for name, cores in self.cores.items() if name != CALLERS)

    @property
    def all_cores(self) -> float:
        """CPU with that of the callers, who are on the same machine."""
        return sum(self.cores.values())


class UsageMeter:
    """Measures from its making on."""

    def __init__(self, stack: Stack) -> None:
        """Begin now."""
        self._pids = {**stack.pids(), CALLERS: os.getpid()}
        self._began = time.perf_counter()
        self._before = self._cpu()

    def read(self) -> Usage:
        """Give what was used since the beginning; what the bench started is a stack's, and not its own."""
        after, seconds = self._cpu(), time.perf_counter() - self._began
        cores = {name: max(0.0, spent - self._before[name]) / seconds for name, spent in after.items()}
        mib = {name: resident_kib(pid) / KIB_PER_MIB for name, pid in self._pids.items() if name != CALLERS}
        return Usage(seconds, cores, mib)

    def _cpu(self) -> dict[str, float]:
        own = time.process_time()
        return {name: own if name == CALLERS else family_cpu_s(pid) for name, pid in self._pids.items()}
