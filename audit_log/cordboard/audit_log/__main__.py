"""The ledger process: `cordboard ledger`."""

import asyncio
import gc
import secrets
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from cordboard.audit_log.access import ALLOWED
from cordboard.audit_log.assembly import add_services, postgres_stores
from cordboard.audit_log.keyring_choice import open_keyring
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import keep_partitions, prepare_schema_when_there
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import TokenVerifier
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings


def utc_now() -> datetime:
    """Give the time by this machine's clock."""
    return datetime.now(UTC)


async def main(settings: Settings, stop: Stop) -> None:
    """Serve the record until asked to stop."""
    instance = settings.require("instance")
    database = Database(settings.secret("postgres_url_file"))
    events = PostgresEventStore(database, utc_now)
    verifier = TokenVerifier.load(settings.keys_path)
    keyring = open_keyring(settings)
    server = GrpcServer(settings.listen, verifier, "ledger", allowed=ALLOWED)
    add_services(
        server,
        postgres_stores(database, events, utc_now),
        keyring,
        source=f"ledger/{instance}/{secrets.token_hex(4)}",
        clock=utc_now,
        users=verifier,
    )
    try:
        if not await _before(stop, prepare_schema_when_there(database, utc_now)):
            return
        events.appender.start()
        if not await _before(stop, events.appender.wait_until_leading()):
            return
        partitions = asyncio.create_task(keep_partitions(database, utc_now), name="partitions")
        _spare_the_collector()
        port = await server.start()
        announce_ready(grpc=f"{settings.listen.rpartition(':')[0]}:{port}")
        ends = [asyncio.create_task(stop.wait()), partitions]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
        await server.stop(grace=1.0)
        for outcome in await asyncio.gather(*ends, return_exceptions=True):
            # Without tomorrow's partitions the ledger fails tomorrow: better to be started anew now.
            if isinstance(outcome, Exception):
                raise outcome
    finally:
        await events.appender.stop()
        await keyring.close()
        await database.close()


def _spare_the_collector() -> None:
    """Let the cyclic collector run rarely: rows and drafts hold no cycles, and there are tens of thousands a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _before(stop: Stop, step: Coroutine[Any, Any, None]) -> bool:
    """Do a step of the start; False when the process was asked to stop first."""
    doing, stopping = asyncio.create_task(step), asyncio.create_task(stop.wait())
    await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not doing.done():
        doing.cancel()
        return False
    await doing
    return True


if __name__ == "__main__":
    sys.exit(run(main))
