"""The supervisor's side of the guard."""

import signal
import subprocess
import sys
from pathlib import Path

from cordboard.cli.supervision import guard


class Reaper:
    """Keeps a guard process that cleans up should this process be killed."""

    def __init__(self) -> None:
        """Start the guard."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(guard.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._guard.pid

    def watch(self, group: int, stop_signal: signal.Signals) -> None:
        """Have a process group ended when this process dies."""
        self._say(f"+ {group} {int(stop_signal)}")

    def release(self, group: int) -> None:
        """Forget a process group that has ended."""
        self._say(f"- {group}")

    def close(self) -> None:
        """End the guard; what is still watched is ended with it."""
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()

    def _say(self, line: str) -> None:
        if self._guard.stdin and self._guard.poll() is None:
            self._guard.stdin.write(line + "\n")
