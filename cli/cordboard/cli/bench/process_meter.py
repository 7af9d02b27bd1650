"""What a process has used so far, as the kernel counts it."""

import contextlib
import os
from pathlib import Path


def cpu_ns(pid: int, proc: Path = Path("/proc")) -> int:
    """Give the CPU time of all threads of a process in nanoseconds; a thread that has ended is not counted any more."""
    total = 0
    for task in (proc / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total


def resident_kib(pid: int, proc: Path = Path("/proc")) -> int:
    """Give the resident memory of a process and of all that it started, in KiB; 0 when it is gone."""
    return sum(_resident(proc / str(one)) for one in family(pid, proc))


def family_cpu_s(pid: int, proc: Path = Path("/proc")) -> float:
    """Give the CPU time (user and system, seconds) of a process and of all that it started, those that ended as well.

    Read at the granularity of the kernel's clock ticks, usually 10 ms.
    """
    ticks = 0
    for one in family(pid, proc):
        with contextlib.suppress(OSError):
            # utime, stime, and the same of children that ended (proc(5)); the name before them may hold anything.
            ticks += sum(map(int, (proc / str(one) / "stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def family(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """List a process and all that it started and that still lives; empty when it is gone."""
    children: dict[int, list[int]] = {}
    known: set[int] = set()
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                known.add(int(entry.name))
                children.setdefault(parent, []).append(int(entry.name))
    members, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        if one in known:
            members.append(one)
        waiting += children.get(one, [])
    return members


def _resident(entry: Path) -> int:
    with contextlib.suppress(OSError):
        for line in (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
