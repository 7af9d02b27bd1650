"""`cordboard replay`: rebuild a call from the log."""

from typing import Annotated

import typer

from cordboard.cli.options import DEFAULT_HOME, Home, Json, Ledger
from cordboard.core.errors import UnimplementedError

replay = typer.Typer(name="replay", no_args_is_help=True, help="Rebuild calls from the log.")


@replay.callback()
def replay_itself() -> None:
    """Rebuild calls from the log."""


@replay.command()
def state(
    call_id: Annotated[str, typer.Argument(metavar="CALL", help="The call's id.")],
    at: Annotated[str, typer.Option(help="Up to this sequence, or this instant (ISO 8601); without it all.")] = "",
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    json: Json = False,
) -> None:
    """Fold a call's log to its state, here, without asking the workflow."""
    raise UnimplementedError("UNIMPLEMENTED", "this build cannot fold a call yet", call_id=call_id)
