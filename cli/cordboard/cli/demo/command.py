"""`cordboard demo`: one call, on real parts, told as it happens."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cordboard.cli.options import DEFAULT_HOME, Home, Json


def demo(
    home: Home = DEFAULT_HOME,
    once: Annotated[bool, typer.Option("--once", help="End after the call instead of staying up.")] = False,
    script: Annotated[
        Path | None,
        typer.Option(help="JSON file that says who calls and what they say; without it a shipped one."),
    ] = None,
    wrap_up: Annotated[
        bool, typer.Option("--wrap-up/--no-wrap-up", help="Wait for wrap-up and look into what it published.")
    ] = True,
    json: Json = False,
) -> None:
    """Start everything, let a caller call the AI agent, and tell what happens.

    The caller is a process of its own that speaks and listens over WebRTC. The exit code is 0 only if all of it
    worked and the agent learnt what the script says: number and urgency exactly, name and reason as they sound.
    With [bold]--json[/] the story goes to stderr and the last line on stdout is the report.
    """
    # The demo pulls in audio libraries; no other command should wait for them.
    from cordboard.cli.demo.demo_run import DemoRun
    from cordboard.cli.demo.script import load_script, shipped_scripts

    chosen = load_script(script.absolute() if script is not None else shipped_scripts()[0])
    try:
        ok = asyncio.run(DemoRun(home.absolute(), once=once, json=json, wrap_up=wrap_up).run(chosen))
    except asyncio.CancelledError:
        raise typer.Exit(130) from None
    raise typer.Exit(0 if ok else 1)
