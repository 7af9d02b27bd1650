"""`cordboard ledger verify` and `anchors`: whether the record is what was written."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cordboard.audit_log.anchor_witness import contradictions, read_lines, to_line
from cordboard.audit_log.anchors import Anchor, from_message
from cordboard.cli.doors import ledger_door
from cordboard.cli.options import DEFAULT_HOME, Home, Json, Ledger
from cordboard.cli.output import console, print_json
from cordboard.core.errors import InternalError, InvalidError
from cordboard.ledger.v1.envelope_pb2 import Stream
from cordboard.ledger.v1.ledger_service_pb2 import ChainFault, VerifyResponse
from cordboard.runtime.ledger_client import LedgerClient, call_stream

anchors = typer.Typer(name="anchors", no_args_is_help=True, help="Signed statements of how far each stream had come.")


def verify(
    call_id: Annotated[str, typer.Argument(metavar="[CALL]", help="The call whose stream is checked.")] = "",
    all_streams: Annotated[bool, typer.Option("--all", help="Check every stream, and the anchors.")] = False,
    copies: Annotated[
        Path | None, typer.Option("--anchors", help="With --all: anchors that were exported, to be found as they were.")
    ] = None,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    json: Json = False,
) -> None:
    """Recompute the hash chain of a call, or of the whole record, and name each place where it does not hold.

    A chain alone does not miss its own tail, nor the record a whole call: anchors do, so only --all finds that.
    Exits with 0 when all holds and 1 when it does not.
    """
    if bool(call_id) == all_streams or (copies is not None and not all_streams):
        raise InvalidError("USAGE", "name a call, or say --all")
    exported = list(read_lines(copies)) if copies is not None else []
    stream = call_stream(call_id) if call_id else None
    result = asyncio.run(_verify(home, ledger_address, stream, exported))
    if json:
        print_json({"valid": not result.faults, **asdict(result)})
    else:
        _show(result, all_streams)
    if result.faults:
        raise InternalError("CHAIN_BROKEN", "the record was changed after it was written")


@anchors.command()
def export(
    out: Annotated[Path | None, typer.Option("--out", help="File to add to; without it, standard output.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only anchors beyond this number.")] = 0,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
) -> None:
    """Write anchors as JSON lines, to be kept where nobody can change them, such as a store with object lock.

    `cordboard ledger verify --all --anchors FILE` compares them with the ledger's own.
    """
    known = list(read_lines(out)) if out is not None and out.exists() else []
    beyond = max([after, *(anchor.number for anchor in known)])
    found = asyncio.run(_anchors(home, ledger_address, beyond))
    if out is None:
        sys.stdout.writelines(to_line(anchor) for anchor in found)
        return
    with out.open("a", encoding="utf-8") as file:
        file.writelines(to_line(anchor) for anchor in found)
    console.print(f"{len(found)} anchors added, {len(known) + len(found)} in {out}")


@dataclass
class _Fault:
    stream: str
    seq: int
    reason: str
    anchor: int


@dataclass
class _Result:
    streams: int = 0
    events: int = 0
    anchors: int = 0
    anchored_heads: int = 0
    anchored_position: int = 0
    seconds: float = 0.0
    faults: list[_Fault] = field(default_factory=list)

    def take(self, progress: VerifyResponse) -> None:
        """Move on."""
        self.streams, self.events = progress.streams, progress.events
        self.anchors, self.anchored_heads = progress.anchors, progress.anchored_heads
        self.anchored_position = progress.anchored_position
        self.faults += map(_fault, progress.faults)


async def _verify(home: Path, address: str, stream: Stream | None, exported: Sequence[Anchor]) -> _Result:
    result = _Result()
    started = time.monotonic()
    # Progress is for people: what programs read stays whole.
    with Console(stderr=True).status("checking") as status:
        async with ledger_door(home, address) as client:
            async for progress in client.verify(stream):
                result.take(progress)
                status.update(
                    f"{result.events} events in {result.streams} streams, {result.anchors} anchors checked,"
                    f" {len(result.faults)} faults"
                )
            if exported:
                kept = {anchor.number: anchor.digest() for anchor in await _listed(client, 0)}
                result.faults += [_Fault("", 0, reason, number) for number, reason in contradictions(exported, kept)]
    result.seconds = round(time.monotonic() - started, 3)
    return result


async def _anchors(home: Path, address: str, after: int) -> list[Anchor]:
    async with ledger_door(home, address) as client:
        return await _listed(client, after)


async def _listed(client: LedgerClient, after: int) -> list[Anchor]:
    return [from_message(message) async for message in client.anchors(after)]


def _fault(fault: ChainFault) -> _Fault:
    stream = f"{fault.ref.stream.kind}/{fault.ref.stream.id}" if fault.HasField("ref") else ""
    return _Fault(stream, fault.ref.seq, fault.reason, fault.anchor)


def _show(result: _Result, all_streams: bool) -> None:
    for fault in result.faults:
        where = f"{fault.stream} seq {fault.seq}" if fault.stream else f"anchor {fault.anchor}"
        by = f" (anchor {fault.anchor})" if fault.stream and fault.anchor else ""
        console.print(f"[red]{fault.reason}[/] at {where}{by}")
    console.print(f"{result.events} events in {result.streams} streams checked in {result.seconds:.1f} s")
    if all_streams:
        console.print(
            f"{result.anchors} anchors checked, which state {result.anchored_heads} ends of streams"
            f" up to position {result.anchored_position}"
        )
