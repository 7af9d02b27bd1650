"""`cordboard chaos`: what fails, and what then."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.progress import shown_progress
from cordboard.cli.options import DEFAULT_HOME, Home, Json
from cordboard.cli.output import console, print_json, table


def chaos(
    row: Annotated[list[str] | None, typer.Option("--row", help="A row to run; may be given more than once.")] = None,
    short: Annotated[
        bool, typer.Option("--short/--long", help="Each fault once on few calls, or thrice on more.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Draws the moments at which processes are killed.")] = 0,
    calls: Annotated[int, typer.Option(min=0, max=20, help="Calls in flight; 0 for what the form says.")] = 0,
    list_rows: Annotated[bool, typer.Option("--list", help="Tell which rows there are, and run none.")] = False,
    home: Home = DEFAULT_HOME,
    json: Json = False,
) -> None:
    """Make faults under calls, and count what they cost.

    Starts everything in a folder of its own below the state directory, on empty data. Callers call over WebRTC through
    the public door and say yes to the recording; then processes are killed, servers restarted, disks filled, clocks
    skewed, commands repeated. One line for each: calls in flight and lost, events lost and twice by every producer's
    own count, the longest gap each caller heard, and how long recovery took. Exits with 1 when a row fails.
    """
    from cordboard.cli.chaos.catalogue import FAULTS, chosen

    faults = chosen(row or [], short=short)
    if list_rows:
        console.print(table(("row", "fault", "what is done"), [(one.name, one.title, one.about) for one in FAULTS]))
        return
    from dataclasses import replace

    from cordboard.cli.chaos.chaos_run import LONG, SHORT, run
    from cordboard.cli.chaos.chaos_table import show

    form = SHORT if short else LONG
    form = replace(form, calls=calls or form.calls)
    machine = Machine.look()
    with shown_progress() as progress:
        report = asyncio.run(_stoppable(run(Path(home), faults, form, seed, progress)))
    machine = machine.after()
    if json:
        print_json(report.to_json() | {"machine": machine.to_json()})
    else:
        show(report, machine, console)
    raise typer.Exit(0 if report.ok else 1)


async def _stoppable(work: Coroutine[Any, Any, Any]) -> Any:
    """Work until done; SIGTERM cleans up as Ctrl-C does. Raises KeyboardInterrupt then."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    raise KeyboardInterrupt
