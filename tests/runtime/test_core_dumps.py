"""A process that crashes leaves nothing of its memory behind."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

WORDS = "my knee hurts"
# What is said stands in memory; the process is asked to crash as a bug in a library would have it.
CRASH = """
import os, signal
from cordboard.runtime.process import run
said = os.environ["SAID"] * 1000
async def main(settings, stop):
    os.kill(os.getpid(), signal.SIGABRT)
if {guarded}:
    run(main)
os.kill(os.getpid(), signal.SIGABRT)
"""


def crash(folder: Path, *, guarded: bool) -> list[Path]:
    """Have a process crash in a folder where a core file would be welcome, and give what it left."""
    folder.mkdir()
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = "unlimited" if hard == resource.RLIM_INFINITY else str(hard // 1024)
    script = f'ulimit -c {limit}; echo 0x7f > /proc/self/coredump_filter; exec "$@"'
    ended = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-c", CRASH.format(guarded=guarded)],
        cwd=folder,
        env={"SAID": WORDS, "CORDBOARD_INSTANCE": "worker-1"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGABRT, ended.stderr
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_process_that_crashes_leaves_no_core_file(tmp_path: Path) -> None:
    assert crash(tmp_path / "guarded", guarded=True) == []
    # And where the machine writes core files into the folder, one that is not guarded does leave its memory.
    for core in crash(tmp_path / "unguarded", guarded=False):
        assert WORDS.encode() * 10 in core.read_bytes()
