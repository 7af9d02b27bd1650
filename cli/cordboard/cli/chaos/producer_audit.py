"""What the producers of events have counted themselves, against what the log has of them."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from signal import SIGTERM

from cordboard.cli.chaos.until import until
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import LedgerClient, call_stream
from cordboard.runtime.ledger_client.tally import standing_tallies

_CLOSED = "a producer has closed"
_DIED = "a producer has died"
_PATIENCE_S = 30.0


async def end_and_count(stack: Stack, *names: str) -> dict[str, int]:
    """End processes in good order, and give how many events each life of each process numbered, by source.

    Who ends in good order tells it; of who was killed the next one that starts does.
    """
    logs = [stack.directory.logs / f"{name}.log" for name in names]
    before = [len(_counters(log)) for log in logs]
    for name in names:
        await stack.kill(name, SIGTERM)
    async with asyncio.timeout(_PATIENCE_S):
        await until(lambda: all(len(_counters(log)) > had for log, had in zip(logs, before, strict=True)))
    for name in names:
        await stack.ready(name)
    every = stack.directory.logs.glob("*.log")
    return {source: count for log in every for source, count in _counters(log, _CLOSED, _DIED).items()}


def counted_so_far(home: Path) -> dict[str, int]:
    """Give how many events each life of each process has numbered by now, by source; those that live included."""
    counted: dict[str, int] = defaultdict(int)
    for spool in (home / "spool").iterdir():
        for source, count in standing_tallies(spool):
            counted[source] = max(counted[source], count)
    for log in (home / "logs").glob("*.log"):
        for source, count in _counters(log, _CLOSED, _DIED).items():
            counted[source] = max(counted[source], count)
    return dict(counted)


async def every_call(home: Path) -> list[Envelope]:
    """Read the record of every call there is."""
    return [envelope for record in (await every_record(home)).values() for envelope in record]


async def record_of(home: Path, call_id: str) -> Sequence[Envelope]:
    """Read the record of one call."""
    async with ledger_door(home) as ledger:
        return [event async for event in ledger.read(call_stream(call_id))]


async def every_record(home: Path) -> dict[str, Sequence[Envelope]]:
    """Read the record of every call there is, by call id."""
    async with ledger_door(home) as ledger:
        call_ids = await _call_ids(ledger)
        return {call_id: [event async for event in ledger.read(call_stream(call_id))] for call_id in call_ids}


async def _call_ids(ledger: LedgerClient) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        page = await ledger.list_streams("call", page_size=200, page_token=token)
        found += [head.stream.id for head in page.streams]
        token = page.next_page_token
        if not token:
            return found


def _counters(log: Path, *told: str) -> dict[str, int]:
    told = told or (_CLOSED,)
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if any(one in line for one in told)]
    return {said["source"]: said["count"] for said in map(json.loads, lines)}
