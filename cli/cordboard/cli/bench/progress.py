"""How far a bench has come: a bar on a terminal, a line now and then elsewhere. Always on stderr."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

_LINES_PER_STEP = 10
_DRAWN_PER_SECOND = 2


class Progress(Protocol):
    """Hears how far a bench has come."""

    def step(self, text: str, total: int = 0) -> None:
        """Begin something that takes `total` tries; 0 when it takes none."""
        ...

    def done(self, count: int) -> None:
        """Note that so many tries of the step are done."""
        ...


class PlainProgress:
    """A line when a step begins, and one for each tenth of it."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out
        self._total = 0
        self._said = 0

    def step(self, text: str, total: int = 0) -> None:
        """Say what begins."""
        self._total, self._said = total, 0
        self._out.write(f"-- {text}\n")
        self._out.flush()

    def done(self, count: int) -> None:
        """Say how many are done, at each tenth."""
        tenth = count * _LINES_PER_STEP // self._total if self._total else 0
        if tenth > self._said:
            self._said = tenth
            self._out.write(f"   {count} of {self._total}\n")
            self._out.flush()


class BarProgress:
    """A bar per step."""

    def __init__(self, progress: RichProgress) -> None:
        """Draw with `progress`, which runs."""
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def step(self, text: str, total: int = 0) -> None:
        """Begin anew with another text."""
        self._progress.reset(self._task, description=text, total=total or None)

    def done(self, count: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=count)


@contextlib.contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show progress while the block runs, on stderr so that what is on stdout stays for programs."""
    if not sys.stderr.isatty():
        yield PlainProgress(sys.stderr)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Drawn rarely: the bench measures in the same process.
    with RichProgress(
        *columns, console=Console(stderr=True), transient=True, refresh_per_second=_DRAWN_PER_SECOND
    ) as progress:
        yield BarProgress(progress)
