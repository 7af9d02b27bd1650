"""What the figures were measured on, and how busy it was."""

import os
import platform
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, kernel and interpreter, and the load averages (1, 5, 15 minutes) before and after."""

    cpus: int
    cpu: str
    kernel: str
    python: str
    load_before: tuple[float, float, float]
    load_after: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def look(cls) -> "Machine":
        """Look at this machine before measuring."""
        return cls(
            cpus=len(os.sched_getaffinity(0)),
            cpu=_processor(Path("/proc/cpuinfo")),
            kernel=platform.release(),
            python=_interpreter(),
            load_before=os.getloadavg(),
        )

    def after(self) -> "Machine":
        """Note the load now that all is measured."""
        return replace(self, load_after=os.getloadavg())

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        before, after = (f"{load[0]:.2f}" for load in (self.load_before, self.load_after))
        return (
            f"{self.cpus} x {self.cpu}, Linux {self.kernel}, {self.python}; load average {before} before, {after} after"
        )


def _interpreter() -> str:
    name = f"{platform.python_implementation()} {platform.python_version()}"
    # Every call's workflow loads its modules anew: compiling them each time is seen in the figures.
    return f"{name} without bytecode cache" if sys.dont_write_bytecode else name


def _processor(cpuinfo: Path) -> str:
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
