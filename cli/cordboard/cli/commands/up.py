"""`cordboard up`: everything in this folder, until Ctrl-C."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from cordboard.cli.options import DEFAULT_HOME, Home, Json
from cordboard.cli.output import console, print_json
from cordboard.cli.services_view import services_table, where
from cordboard.cli.start_display import StartDisplay
from cordboard.cli.supervision.stack import Stack


def up(
    home: Home = DEFAULT_HOME,
    workers: Annotated[int, typer.Option(min=1, max=8, help="How many workers to run.")] = 1,
    json: Json = False,
) -> None:
    """Start the servers and all processes, keep them running, stop them on Ctrl-C.

    Everything listens on the loopback interface, on free ports that this folder remembers. What dies is started
    again. Logs are in .cordboard/logs, one file per process. With [bold]--json[/] one line says when all is ready.
    """
    asyncio.run(_up(home, workers, json))


async def _up(home: Path, workers: int, json: bool) -> None:
    stop = asyncio.Event()
    current = asyncio.current_task()
    started = asyncio.Event()

    def ask() -> None:
        # A second Ctrl-C, or one during the start, does not wait for anything.
        if current and (stop.is_set() or not started.is_set()):
            current.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)
    display = StartDisplay(quiet=json)
    stack = Stack(home, counts={"worker": workers}, observe=display.changed)
    with contextlib.suppress(asyncio.CancelledError):
        with display.starting(stack.state):
            await stack.__aenter__()
        started.set()
        try:
            if json:
                print_json(stack.state.to_json())
            else:
                console.print(services_table(stack.state))
                console.print(where(stack.state), soft_wrap=True)
            await stop.wait()
            if not json:
                console.print("Stopping …")
        finally:
            await stack.__aexit__(None, None, None)
