import io

from rich.console import Console
from rich.progress import Progress as RichProgress

from cordboard.cli.bench.progress import BarProgress, PlainProgress


def test_without_a_terminal_each_tenth_is_a_line() -> None:
    out = io.StringIO()
    progress = PlainProgress(out)
    progress.step("tries", 50)
    for done in range(1, 51):
        progress.done(done)
    lines = out.getvalue().splitlines()
    assert lines[0] == "-- tries"
    assert lines[1:] == [f"   {done} of 50" for done in range(5, 51, 5)]


def test_a_step_without_tries_is_one_line() -> None:
    out = io.StringIO()
    progress = PlainProgress(out)
    progress.step("starting")
    progress.done(1)
    assert out.getvalue() == "-- starting\n"


def test_on_a_terminal_the_bar_follows() -> None:
    bar = RichProgress(console=Console(file=io.StringIO()))
    progress = BarProgress(bar)
    progress.step("tries", 4)
    progress.done(3)
    assert (bar.tasks[0].description, bar.tasks[0].completed, bar.tasks[0].total) == ("tries", 3, 4)
