"""The ledger process: `cordboard ledger`."""

import asyncio
import contextlib
import gc
import secrets
import sys
from collections.abc import Coroutine
from typing import Any

from cordboard.audit_log.access import ALLOWED
from cordboard.audit_log.anchor_witness import AnchorWitness
from cordboard.audit_log.anchorer import Anchorer
from cordboard.audit_log.assembly import add_services, postgres_stores
from cordboard.audit_log.keyring_choice import open_keyring
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import keep_partitions, prepare_schema_when_there
from cordboard.core.errors import UnavailableError
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings
from cordboard.runtime.wall_clock import utc_now

LAST_ANCHOR_SECONDS = 2.0


async def main(settings: Settings, stop: Stop) -> None:
    """Serve the record until asked to stop."""
    instance = settings.require("instance")
    database = Database(settings.secret("postgres_url_file"))
    events = PostgresEventStore(database, utc_now)
    verifier = TokenVerifier.load(settings.keys_path)
    keyring = open_keyring(settings)
    server = GrpcServer(settings.listen, verifier, "ledger", allowed=ALLOWED)
    stores = postgres_stores(database, events, utc_now)
    source = f"ledger/{instance}/{secrets.token_hex(4)}"
    witness = AnchorWitness(settings.home_path / "anchors")
    add_services(server, stores, keyring, source, utc_now, verifier, witness)
    identity = ServiceIdentity.load(settings.keys_path, "ledger", instance)
    anchorer = Anchorer(events, stores.anchors, identity, utc_now, witness)
    try:
        if not await _before(stop, prepare_schema_when_there(database, utc_now)):
            return
        events.appender.start()
        if not await _before(stop, events.appender.wait_until_leading()):
            return
        partitions = asyncio.create_task(keep_partitions(database, utc_now), name="partitions")
        anchoring = asyncio.create_task(anchorer.run(), name="anchors")
        _spare_the_collector()
        port = await server.start()
        announce_ready(grpc=f"{settings.listen.rpartition(':')[0]}:{port}")
        ends = [asyncio.create_task(stop.wait()), partitions, anchoring]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
        await server.stop(grace=1.0)
        for outcome in await asyncio.gather(*ends, return_exceptions=True):
            # Without tomorrow's partitions the ledger fails tomorrow: better to be started anew now.
            if isinstance(outcome, Exception):
                raise outcome
        with contextlib.suppress(UnavailableError, TimeoutError):
            await asyncio.wait_for(anchorer.anchor_now(), LAST_ANCHOR_SECONDS)
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
