"""`cordboard ledger`: the process itself, and checks of the record."""

import asyncio
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from cordboard.cli.commands import ledger_keys
from cordboard.cli.commands.processes import FREE, Instance, Listen, run
from cordboard.cli.doors import ledger_door
from cordboard.cli.options import DEFAULT_HOME, Home, Json, Ledger
from cordboard.cli.output import console, print_json
from cordboard.core.errors import InternalError, InvalidError
from cordboard.ledger.v1.envelope_pb2 import Stream
from cordboard.runtime.ledger_client import call_stream

ledger = typer.Typer(name="ledger", help="The record: its process, its chain, its keys.", invoke_without_command=True)
ledger.add_typer(ledger_keys.hold)
ledger.add_typer(ledger_keys.keys)
ledger.command()(ledger_keys.erase)


@ledger.callback()
def ledger_itself(context: typer.Context) -> None:
    """Run the ledger process, or check the record with a sub-command.

    [bold]cordboard ledger[/] alone is [bold]cordboard ledger serve[/].
    """
    if context.invoked_subcommand is None:
        serve()


@ledger.command()
def serve(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run the process that keeps the record. Needs CORDBOARD_POSTGRES_URL_FILE."""
    run("ledger", home, instance, {"CORDBOARD_LISTEN": listen})


@ledger.command()
def verify(
    call_id: Annotated[str, typer.Argument(metavar="[CALL]", help="The call whose stream is checked.")] = "",
    all_streams: Annotated[bool, typer.Option("--all", help="Check every stream.")] = False,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    json: Json = False,
) -> None:
    """Recompute the hash chain of a call, or of the whole record, and name each place where it does not hold.

    Exits with 0 when the chain holds and 1 when it does not.
    """
    if bool(call_id) == all_streams:
        raise InvalidError("USAGE", "name a call, or say --all")
    result = asyncio.run(_verify(home, ledger_address, call_stream(call_id) if call_id else None))
    if json:
        print_json({"valid": not result.faults, **asdict(result)})
    else:
        for fault in result.faults:
            console.print(f"[red]{fault.reason}[/] at {fault.stream} seq {fault.seq}")
        console.print(f"{result.events} events in {result.streams} streams checked")
    if result.faults:
        raise InternalError("CHAIN_BROKEN", "the record was changed after it was written")


async def _verify(home: Path, address: str, stream: Stream | None) -> "_Result":
    result = _Result()
    async with ledger_door(home, address) as client:
        async for progress in client.verify(stream):
            result.streams, result.events = progress.streams, progress.events
            result.faults += [_Fault(_name(fault.ref.stream), fault.ref.seq, fault.reason) for fault in progress.faults]
    return result


def _name(stream: Stream) -> str:
    return f"{stream.kind}/{stream.id}"


@dataclass
class _Fault:
    stream: str
    seq: int
    reason: str


@dataclass
class _Result:
    streams: int = 0
    events: int = 0
    faults: list[_Fault] = field(default_factory=list)
