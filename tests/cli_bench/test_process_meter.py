import os
from pathlib import Path

from cordboard.cli.bench.process_meter import cpu_ns, family_cpu_s, resident_kib


def process(proc: Path, pid: int, parent: int, kib: int, threads: dict[int, int], ticks: str = "0 0 0 0") -> None:
    (proc / str(pid) / "task").mkdir(parents=True)
    (proc / str(pid) / "stat").write_text(f"{pid} (a) name) S {parent} 1 1 0 -1 4194560 1 0 0 0 {ticks} 20 0\n")
    (proc / str(pid) / "status").write_text(f"Name:\ta\nPPid:\t{parent}\nVmRSS:\t   {kib} kB\n")
    for thread, spent in threads.items():
        (proc / str(pid) / "task" / str(thread)).mkdir()
        (proc / str(pid) / "task" / str(thread) / "schedstat").write_text(f"{spent} 5 6\n")


def test_the_time_of_all_threads_counts(tmp_path: Path) -> None:
    process(tmp_path, 10, 1, 100, {10: 7, 11: 5})
    assert cpu_ns(10, tmp_path) == 12


def test_memory_is_that_of_a_process_and_of_all_below_it(tmp_path: Path) -> None:
    process(tmp_path, 10, 1, 100, {})
    process(tmp_path, 20, 10, 30, {})
    process(tmp_path, 30, 20, 4, {})
    process(tmp_path, 40, 1, 1_000, {})
    (tmp_path / "meminfo").write_text("MemTotal: 1 kB\n")
    assert resident_kib(10, tmp_path) == 134
    assert resident_kib(99, tmp_path) == 0


def test_time_is_that_of_a_process_of_all_below_it_and_of_what_has_ended(tmp_path: Path) -> None:
    second = os.sysconf("SC_CLK_TCK")
    process(tmp_path, 10, 1, 0, {}, f"{second} {2 * second} 0 0")
    process(tmp_path, 20, 10, 0, {}, f"0 {second} {3 * second} {4 * second}")
    process(tmp_path, 40, 1, 0, {}, f"{second} 0 0 0")
    assert family_cpu_s(10, tmp_path) == 11
    assert family_cpu_s(99, tmp_path) == 0


def test_this_process_has_used_time_and_memory() -> None:
    assert cpu_ns(os.getpid()) > 0
    assert resident_kib(os.getpid()) > 1_000
