"""What a process has used so far, as the kernel counts it."""

import contextlib
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
    children: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, StopIteration):
            status = (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines()
            fields = dict(line.split(":", 1) for line in status if ":" in line)
            sizes[int(entry.name)] = int(fields.get("VmRSS", "0 kB").split()[0])
            children.setdefault(int(fields["PPid"]), []).append(int(entry.name))
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        total += sizes.get(one, 0)
        waiting += children.get(one, [])
    return total
