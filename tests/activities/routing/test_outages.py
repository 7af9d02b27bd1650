"""Routing over the real ledger process's services, and over a PostgreSQL that is killed and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_server import ledger_server
from postgres import PostgresServer
from routing_house import QUEUE, TENANT, eventually, wait

from cordboard.activities.routing.postgres.storage import PostgresStorage
from cordboard.activities.routing.routing_service import RoutingService
from cordboard.activities.routing.routing_signals import MemoryRoutingSignals
from cordboard.activities.routing.table_store import TableRoutingStore
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AgentStateChanged,
)
from cordboard.core.errors import UnavailableError
from cordboard.core.event_message import unpack
from cordboard.runtime.ledger_client import EventProducer, Ledger, MemoryLedger, agent_stream

ANN = agent_stream(TENANT, "ann")


@asynccontextmanager
async def running(service: RoutingService, signals: MemoryRoutingSignals) -> AsyncIterator[None]:
    task = asyncio.create_task(service.run(signals))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def ready() -> AgentStateChanged:
    return AgentStateChanged(agent_id="ann", state=AGENT_STATE_READY, queues=[QUEUE], session_id="tab-1")


async def states(ledger: Ledger) -> list[int]:
    """Give the states that routing has put on record."""
    found = [unpack(envelope) async for envelope in ledger.read(ANN)]
    return [one.state for one in found if isinstance(one, AgentStateChanged) and one.change]


async def test_desk_and_routing_write_to_the_agents_stream_of_the_real_ledger(
    tmp_path: Path, postgres_url: str
) -> None:
    storage = PostgresStorage(postgres_url)
    signals = MemoryRoutingSignals()
    async with ledger_server(tmp_path) as server:
        ledger = server.client("worker")
        service = RoutingService(TableRoutingStore(storage), ledger, "worker/worker-1/b1")
        desk = EventProducer(server.client("gateway"), "gateway/gateway-1/b1", tmp_path / "spool")
        async with desk, running(service, signals):
            await desk.record_durably(ANN, ready(), actor="agent/ann")
            await TableRoutingStore(storage).enqueue(wait("c1"))
            await eventually(lambda: bool(signals.reservations("c1")))
            async with asyncio.timeout(20):
                while await states(ledger) != [AGENT_STATE_READY, AGENT_STATE_RESERVED]:
                    await asyncio.sleep(0.02)
            [head] = (await ledger.list_streams("agent", tenant=TENANT)).streams
            assert head.stream == ANN
    await storage.close()


async def test_routing_goes_on_after_the_database_was_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    server = await asyncio.to_thread(PostgresServer)
    storage = PostgresStorage(server.url())
    store, ledger, signals = TableRoutingStore(storage), MemoryLedger(), MemoryRoutingSignals()
    desk = EventProducer(ledger, "gateway/gateway-1/b1", tmp_path / "spool", lambda: datetime.now(UTC))
    try:
        async with desk, running(RoutingService(store, ledger, "worker/w1/b1"), signals):
            await store.enqueue(wait("c1"))
            await asyncio.to_thread(server.kill)
            with pytest.raises(UnavailableError, match="ROUTING_AWAY"):
                await store.enqueue(wait("c2"))
            # A word that is said meanwhile stands on the log, and is heard when there is somewhere to keep it.
            await desk.record_durably(ANN, ready())
            await asyncio.to_thread(server.start)
            await eventually(lambda: bool(signals.reservations("c1")), seconds=40)
            await store.cancel(wait("c1"))
            await desk.record_durably(ANN, AgentStateChanged(agent_id="ann", state=AGENT_STATE_NOT_READY))
            after = [AGENT_STATE_READY, AGENT_STATE_RESERVED, AGENT_STATE_READY, AGENT_STATE_NOT_READY]
            async with asyncio.timeout(20):
                while await states(ledger) != after:
                    await asyncio.sleep(0.02)
    finally:
        await storage.close()
        await asyncio.to_thread(server.close)
