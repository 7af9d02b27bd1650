"""The ledger as a process of its own, on a real PostgreSQL: ready line, kill -9, restart, end."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kms_server import ACCESS_KEY, REGION, KmsFaultError, kms_server
from ledger_events import heard

from cordboard.core.errors import InternalError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import EventProducer, LedgerClient, call_stream


@dataclass
class Running:
    """A ledger process and where it serves."""

    process: Process
    address: str


@pytest.fixture
def home(tmp_path: Path, postgres_url: str) -> Path:
    create_keys(tmp_path / "keys")
    (tmp_path / "postgres-url").write_text(postgres_url)
    return tmp_path


@asynccontextmanager
async def running(home: Path, listen: str = "127.0.0.1:0", **more: str) -> AsyncIterator[Running]:
    settings = {
        **more,
        "CORDBOARD_HOME": str(home),
        "CORDBOARD_INSTANCE": "ledger-1",
        "CORDBOARD_LISTEN": listen,
        "CORDBOARD_POSTGRES_URL_FILE": str(home / "postgres-url"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cordboard.audit_log", env={**os.environ, **settings}, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        yield Running(process, ready["grpc"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_killed_at_any_moment_it_loses_no_event_and_takes_none_twice(home: Path) -> None:
    identity = ServiceIdentity.load(home / "keys", "voice-agent", "voice-agent-1")
    worker = ServiceIdentity.load(home / "keys", "worker", "worker-1")
    checker = ServiceIdentity.load(home / "keys", "cli", "cli-1")
    async with running(home) as first:
        address = first.address
        async with (
            open_channel(address, worker, "ledger") as worker_channel,
            open_channel(address, identity, "ledger") as channel,
            EventProducer(LedgerClient(channel), identity.source("boot"), home / "spool") as producer,
        ):
            client = LedgerClient(worker_channel)
            opened = await client.open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v")
            stream = call_stream(opened.call_id)
            for number in range(100):
                await producer.record(stream, heard(f"words {number}"))
                if number == 50:
                    await producer.record_durably(stream, heard("half"))
                    first.process.kill()
            async with running(home, address):
                await asyncio.wait_for(producer.flush(), 30)
                kept = [envelope async for envelope in client.read(stream)]
                async with open_channel(address, checker, "ledger") as channel:
                    verified = [progress async for progress in LedgerClient(channel).verify()]
    assert [envelope.event.source_seq for envelope in kept[1:]] == list(range(1, 102))
    assert [envelope.seq for envelope in kept] == list(range(1, 103))
    assert not [fault for progress in verified for fault in progress.faults]


async def test_anchors_what_it_has_when_it_is_asked_to_end(home: Path) -> None:
    worker = ServiceIdentity.load(home / "keys", "worker", "worker-1")
    checker = ServiceIdentity.load(home / "keys", "cli", "cli-1")
    async with running(home) as ledger, open_channel(ledger.address, worker, "ledger") as channel:
        await LedgerClient(channel).open_call(tenant="acme", request_id="r", args_digest=bytes(32), vertical="v")
        ledger.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(ledger.process.wait(), 20) == 0
    (copies,) = (home / "anchors").iterdir()
    async with running(home) as ledger, open_channel(ledger.address, checker, "ledger") as channel:
        kept = [anchor async for anchor in LedgerClient(channel).anchors()]
        last = [progress async for progress in LedgerClient(channel).verify()][-1]
    assert [(anchor.number, anchor.streams) for anchor in kept] == [(1, 1)]
    assert len(copies.read_text().splitlines()) == 1
    assert (last.streams, last.events, last.anchors, last.anchored_heads) == (1, 1, 1, 1)


async def test_with_its_tenants_keys_in_kms_it_opens_calls_once_kms_is_there_and_reads_them_after_a_restart(
    home: Path,
) -> None:
    worker = ServiceIdentity.load(home / "keys", "worker", "worker-1")
    asked: dict[str, Any] = {"tenant": "acme", "request_id": "r", "args_digest": bytes(32), "vertical": "v"}
    (home / "kms.json").write_text(json.dumps({"access_key": ACCESS_KEY, "secret_key": "not-a-secret"}))
    async with kms_server() as kms:
        settings = {
            "CORDBOARD_KEYRING": "aws-kms",
            "CORDBOARD_KMS_KEY": "alias/cordboard/{tenant}",
            "CORDBOARD_KMS_REGION": REGION,
            "CORDBOARD_KMS_ENDPOINT": kms.url,
            "CORDBOARD_KMS_CREDENTIALS_FILE": str(home / "kms.json"),
        }
        async with running(home, **settings) as ledger, open_channel(ledger.address, worker, "ledger") as channel:
            kms.faults = [KmsFaultError("AccessDeniedException")]
            with pytest.raises(InternalError, match="KMS_DENIED"):
                await LedgerClient(channel).open_call(**asked)
            opened = await LedgerClient(channel).open_call(**asked)
            subkey = await KeyClient(channel).subkey(opened.call_id, "temporal")
        async with running(home, **settings) as ledger, open_channel(ledger.address, worker, "ledger") as channel:
            assert await KeyClient(channel).subkey(opened.call_id, "temporal") == subkey
            (key,) = kms.keys.values()
            key.state = "Disabled"
            # What is unwrapped is in memory; a call that is not has to wait until the key is back.
            assert await KeyClient(channel).subkey(opened.call_id, "temporal") == subkey
            with pytest.raises(InternalError, match="KEK_DISABLED"):
                await LedgerClient(channel).open_call(**{**asked, "request_id": "r2"})
    assert not (home / "keyring.json").exists()


async def test_ends_when_asked_to_even_while_someone_follows_the_log(home: Path) -> None:
    worker = ServiceIdentity.load(home / "keys", "worker", "worker-1")
    async with running(home) as ledger, open_channel(ledger.address, worker, "ledger") as channel:
        feed = LedgerClient(channel).subscribe()
        await anext(feed)
        ledger.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(ledger.process.wait(), 20) == 0
        await feed.aclose()


async def test_without_its_settings_it_says_which_is_missing(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cordboard.audit_log", env={"PATH": os.environ["PATH"]}, stdout=PIPE, stderr=PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"SETTING_MISSING" in errors
