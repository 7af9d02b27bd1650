"""A ledger in this process, behind a real gRPC server on a free port."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc

from cordboard.audit_log.access import ALLOWED
from cordboard.audit_log.anchor_witness import AnchorWitness
from cordboard.audit_log.assembly import Stores, add_services, memory_stores
from cordboard.audit_log.keyring import KeyWrapper
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, create_keys
from cordboard.runtime.ledger_client import LedgerClient


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class LedgerServer:
    """A running ledger and the ways to it."""

    address: str
    keys: Path
    stores: Stores
    channels: dict[tuple[str, str], grpc.aio.Channel] = field(default_factory=dict)

    def channel(self, component: str, instance: str = "") -> grpc.aio.Channel:
        name = (component, instance or f"{component}-1")
        if name not in self.channels:
            self.channels[name] = open_channel(self.address, ServiceIdentity.load(self.keys, *name), "ledger")
        return self.channels[name]

    def client(self, component: str, instance: str = "") -> LedgerClient:
        return LedgerClient(self.channel(component, instance), deadline=20.0)


@asynccontextmanager
async def ledger_server(
    home: Path,
    stores: Stores | None = None,
    clock: Callable[[], datetime] = utc_now,
    listen: str = "127.0.0.1:0",
    wrapper: KeyWrapper | None = None,
    witness: AnchorWitness | None = None,
) -> AsyncIterator[LedgerServer]:
    """Serve a ledger whose keys lie in `home`; its stores are in memory unless given."""
    keys = home / "keys"
    create_keys(keys)
    kept = stores or memory_stores(clock)
    verifier = TokenVerifier.load(keys)
    keyring = wrapper or LocalKeyring(home / "keyring.json")
    server = GrpcServer(listen, verifier, "ledger", allowed=ALLOWED)
    add_services(server, kept, keyring, "ledger/ledger-1/boot", clock, verifier, witness)
    port = await server.start()
    running = LedgerServer(f"127.0.0.1:{port}", keys, kept)
    try:
        yield running
    finally:
        for channel in running.channels.values():
            await channel.close()
        await server.stop(grace=0)
