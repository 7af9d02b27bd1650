"""`cordboard bench`: the figures that the engine holds itself to."""

from typing import Annotated, Literal

import typer

from cordboard.core.errors import UnimplementedError

Figure = Literal["setup", "voice", "ledger", "forward", "soak"]

bench = typer.Typer(name="bench", no_args_is_help=True, help="Measure set-up, voice turns, ledger and forwarding.")


@bench.command()
def setup() -> None:
    """Measure StartCall against a bare update-with-start, and offer to first audio."""
    _not_built("setup")


@bench.command()
def voice() -> None:
    """Measure the end of the caller's speech to the reply's first audio, by stage, and barge-in."""
    _not_built("voice")


@bench.command()
def ledger() -> None:
    """Measure appends against the raw COPY rate of the same rows."""
    _not_built("ledger")


@bench.command()
def forward() -> None:
    """Measure the delay and CPU time that a forwarded packet costs."""
    _not_built("forward")


@bench.command()
def soak(minutes: Annotated[int, typer.Option(min=1, help="How long.")] = 10) -> None:
    """Place calls while processes are killed."""
    _not_built("soak")


def _not_built(figure: Figure) -> None:
    raise UnimplementedError("UNIMPLEMENTED", "this build cannot measure that yet", figure=figure)
