"""Measures how fast the record takes events."""

import gc
from pathlib import Path

import asyncpg

from cordboard.audit_log.bench import measure_database, measure_ledger
from cordboard.cli.bench.ledger.ledger_figures import LedgerRound
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import LedgerClient

INSTANCE = "bench"
_DATABASE = "bench"
_SERVICES = ("postgres", "ledger-1")
_DEADLINE = 60.0


async def measure(home: Path, tries: int, events: int, progress: Progress) -> list[LedgerRound]:
    """Take turns: COPY, the appender alone, then a ledger process; `events` of each in every try."""
    async with workshop(home, progress, _SERVICES) as stack:
        url = await _database_of_its_own(stack)
        # Transcripts are what the record gets most of, and only a voice agent may write them.
        identity = ServiceIdentity.load(stack.directory.keys, "voice-agent", INSTANCE)
        async with (
            open_channel(stack.address("ledger"), identity, "ledger") as channel,
            ledger_door(stack.directory.root, stack.address("ledger")) as opener,
        ):
            ledger = LedgerClient(channel, deadline=_DEADLINE)
            # The first round warms up connections, caches and files, and does not count.
            await _round(url, opener, ledger, identity, 0, events)
            progress.step("COPY, appender, gRPC in turn", tries)
            rounds = []
            for number in range(1, tries + 1):
                rounds.append(await _round(url, opener, ledger, identity, number, events))
                progress.done(number)
            return rounds


async def _round(
    url: str, opener: LedgerClient, ledger: LedgerClient, identity: ServiceIdentity, number: int, events: int
) -> LedgerRound:
    # As the ledger process does: rows hold no cycles, and looking for them would cost all three the same.
    gc.collect()
    gc.freeze()
    database = await measure_database(url, events, rounds=1)
    grpc = await measure_ledger(opener, ledger, identity.source(f"try-{number}-"), events)
    return LedgerRound(database.copy, database.appender, grpc)


async def _database_of_its_own(stack: Stack) -> str:
    """Make an empty database: rows written by COPY stand in no chain and may not lie in a ledger's."""
    url = (stack.directory.secrets / "postgres-ledger-url").read_text(encoding="utf-8").strip()
    server, _, _ = url.rpartition("/")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await connection.close()
    return f"{server}/{_DATABASE}"
