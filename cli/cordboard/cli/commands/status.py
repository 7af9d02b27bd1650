"""`cordboard status`: what runs in this folder, and how it is."""

import asyncio

import typer

from cordboard.cli.options import DEFAULT_HOME, Home, Json
from cordboard.cli.output import console, print_json
from cordboard.cli.services_view import services_table, where
from cordboard.cli.supervision.probe import probed
from cordboard.cli.supervision.stack_state import StackState
from cordboard.cli.supervision.state_directory import StateDirectory


def status(home: Home = DEFAULT_HOME, json: Json = False) -> None:
    """Show every server and process with its pid, addresses and health, asking each whether it serves now.

    Exits with 0 when all are ready, 1 when one is not, 7 when Cordboard does not run in this folder.
    """
    state = asyncio.run(probed(StackState.load(StateDirectory(home))))
    if json:
        print_json(state.to_json())
    else:
        console.print(services_table(state))
        console.print(where(state), soft_wrap=True)
    if not state.is_healthy:
        raise typer.Exit(1)
