"""Subkeys are asked once and kept for ten minutes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ledger_events import destroy_key
from ledger_server import LedgerServer, ledger_server, utc_now

from cordboard.audit_log.assembly import memory_stores
from cordboard.core.errors import ForbiddenError, NotFoundError, WrongStateError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.key_client import KEEP_SECONDS, KeyClient
from cordboard.runtime.ledger_client import LedgerClient


class Stopwatch:
    """Monotonic time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LedgerServer]:
    async with ledger_server(tmp_path) as running:
        yield running


async def open_call(server: LedgerServer) -> str:
    opened = await server.client("gateway").open_call(
        tenant="acme", request_id="r", args_digest=bytes(32), vertical="v"
    )
    return opened.call_id


async def test_gives_the_same_subkey_to_those_who_share_a_purpose(server: LedgerServer) -> None:
    call = await open_call(server)
    worker, gateway = KeyClient(server.channel("worker")), KeyClient(server.channel("gateway"))
    subkey = await worker.subkey(call, "temporal")
    assert len(subkey) == 32
    assert subkey == await gateway.subkey(call, "temporal")
    assert subkey != await KeyClient(server.channel("media-node")).subkey(call, "recording")


async def test_a_subkey_comes_along_with_the_call_that_is_opened(tmp_path: Path) -> None:
    async with ledger_server(tmp_path) as server:
        channel = server.channel("gateway")
        keys = KeyClient(channel)
        ledger = LedgerClient(channel, keys=keys, key_purpose="temporal")
        opened = await ledger.open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v")
        asked = await KeyClient(server.channel("worker")).subkey(opened.call_id, "temporal")
    # The ledger is away by now.
    assert await keys.subkey(opened.call_id, "temporal") == asked


async def test_nobody_gets_another_ones_subkey_along(server: LedgerServer) -> None:
    ledger = LedgerClient(server.channel("gateway"), key_purpose="recording")
    with pytest.raises(ForbiddenError) as caught:
        await ledger.open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v")
    assert caught.value.reason == "PURPOSE_NOT_YOURS"


async def test_an_unknown_call_has_no_key(server: LedgerServer) -> None:
    with pytest.raises(NotFoundError) as caught:
        await KeyClient(server.channel("worker")).subkey("nothing", "temporal")
    assert caught.value.reason == "STREAM_NOT_FOUND"


async def test_keeps_a_subkey_for_ten_minutes_and_no_longer(tmp_path: Path) -> None:
    stores = memory_stores(utc_now)
    clock = Stopwatch()
    async with ledger_server(tmp_path, stores) as server:
        call = await open_call(server)
        address = server.address
    identity = ServiceIdentity.load(tmp_path / "keys", "worker", "worker-1")
    async with open_channel(address, identity, "ledger") as channel:
        client = KeyClient(channel, monotonic=clock)
        async with ledger_server(tmp_path, stores, listen=address):
            subkey = await client.subkey(call, "temporal")
        await destroy_key(stores, call)
        clock.now = KEEP_SECONDS - 1
        assert await client.subkey(call, "temporal") == subkey
        clock.now = KEEP_SECONDS
        async with ledger_server(tmp_path, stores, listen=address):
            with pytest.raises(WrongStateError) as caught:
                await client.subkey(call, "temporal")
    assert caught.value.reason == "KEY_DESTROYED"
