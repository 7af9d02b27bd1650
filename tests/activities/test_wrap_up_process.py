"""Wrap-up as a process of its own, on a real ledger door, Temporal and object store, with its real engines."""

import asyncio
import hashlib
import json
import os
import signal
import sys
import wave
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import moonshine_voice
import numpy as np
from captured_call import RATE, TENANT, CapturedCall, Samples, packets
from ledger_server import LedgerServer, ledger_server
from postgres import postgres_server, postgres_url
from temporal_server import NAMESPACE, connect, temporal_server

from cordboard.activities.wrap_up.record_store import S3RecordStore
from cordboard.activities.wrap_up_starter import WrapUpStarter
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.cli.erased_objects import removal
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.object_store import ObjectStore as S3Server
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.core.view import wrap_up_view
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.ledger.v1.key_admin_service_pb2 import EraseCallRequest
from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceStub
from cordboard.runtime.identity import UserTokenIssuer
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient, call_stream
from cordboard.workflows.data_converter import data_converter

__all__ = ["postgres_server", "postgres_url"]


class EveryVoice(LedgerClient):
    """Appends each event as the component that it comes from."""

    def __init__(self, server: LedgerServer) -> None:
        super().__init__(server.channel("worker"))
        self._server = server

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        """Append all events, which have one source."""
        component = events[0].source.split("/")[0]
        client = self._server.client("worker" if component == "workflow" else component)
        return await client.append(events)


def speech() -> Samples:
    """Ten seconds of a man speaking English, at the rate of a voice agent's port."""
    path = next(Path(moonshine_voice.__file__).parent.rglob("beckett.wav"))
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    at = np.arange(len(sound) * RATE // rate) * rate / RATE
    at_rate: Samples = np.interp(at, np.arange(len(sound)), sound).astype(np.int16)
    return at_rate


async def finished(ledger: LedgerClient, call_id: str) -> facts.WrapUpView:
    """Wait until wrap-up is over by the log."""
    async with asyncio.timeout(100):
        while True:
            view = wrap_up_view([one async for one in ledger.read(call_stream(call_id))])
            if view is not None and view.finished:
                return view
            await asyncio.sleep(0.2)


async def test_a_captured_call_becomes_what_is_published_and_the_log_says_where(
    tmp_path: Path, postgres_url: str
) -> None:
    home = tmp_path / ".cordboard"
    only_s3 = Stack(home, describe=lambda directory, ports: [S3Server(directory, ports)])
    with temporal_server() as temporal:
        async with only_s3 as stack, ledger_server(tmp_path) as server:
            credentials = stack.directory.secrets / "s3-credentials.json"
            settings = settings_of(home, server, stack) | {
                "CORDBOARD_TEMPORAL": temporal,
                "CORDBOARD_POSTGRES_URL_FILE": written(tmp_path / "postgres-url", postgres_url),
            }
            async with S3RecordStore.open(stack.address("s3", "http"), credentials, BUCKET) as store:
                keys = KeyClient(server.channel("media-node"))
                call = await CapturedCall(EveryVoice(server), keys=keys, kept=store).open()
                await call.capture("caller", packets(speech(), 0))
                await call.end_capture()
                client = await connect(temporal, data_converter(KeyClient(server.channel("worker"))))
                await WrapUpStarter(client).start_wrap_up(WrapUpInput(call_id=call.call_id, tenant=TENANT))
                async with wrap_up_process(settings):
                    view = await finished(server.client("cli"), call.call_id)
                    objects = {one.kind: one for one in view.objects}
                    for one in objects.values():
                        data = await store.get(one.uri.removeprefix(f"s3://{BUCKET}/"))
                        assert data is not None
                        assert hashlib.sha256(data).digest() == one.sha256
                    text = await store.get(f"{TENANT}/{call.call_id}/transcript.txt")
                    removed = await erased(server, call.call_id)
                left = [one for one in objects.values() if await store.get(one.uri.removeprefix(f"s3://{BUCKET}/"))]
    destroy(home)
    assert text is not None
    assert "ever tried" in text.decode().lower()
    assert facts.WRAP_UP_STAGE_OUTCOME in {stage.stage for stage in view.stages}
    assert set(objects) == {
        facts.OBJECT_KIND_RECORDING_SEALED,
        facts.OBJECT_KIND_TRANSCRIPT_SEALED,
        facts.OBJECT_KIND_REDACTIONS_SEALED,
        facts.OBJECT_KIND_TRANSCRIPT_REDACTED,
        facts.OBJECT_KIND_TRANSCRIPT_TEXT,
        facts.OBJECT_KIND_RECORDING_MUTED,
    }
    assert objects[facts.OBJECT_KIND_TRANSCRIPT_SEALED].HasField("retained_until")
    # Three are published, and the captured segments are not locked; three are sealed and locked.
    assert (removed.removed, removed.kept) == (3 + sum(call.counts.values()), 3)
    assert all(one.HasField("retained_until") for one in left)
    assert len(left) == 3
    # This call has no workflow, so there is no history of it.
    assert [one.reason for stage in view.stages for one in stage.shortfalls] == ["HISTORY_GONE"]


def settings_of(home: Path, server: LedgerServer, stack: Stack) -> dict[str, str]:
    """Say to the process where its neighbours are."""
    return {
        "CORDBOARD_HOME": str(home),
        "CORDBOARD_INSTANCE": "wrap-up-1",
        "CORDBOARD_LEDGER": server.address,
        "CORDBOARD_TEMPORAL_NAMESPACE": NAMESPACE,
        "CORDBOARD_KEYS_DIR": str(server.keys),
        "CORDBOARD_S3_ENDPOINT": stack.address("s3", "http"),
        "CORDBOARD_S3_CREDENTIALS_FILE": str(stack.directory.secrets / "s3-credentials.json"),
        "CORDBOARD_S3_BUCKET": BUCKET,
        "CORDBOARD_S3_RETENTION_DAYS": "1",
    }


def written(path: Path, text: str) -> str:
    """Write a file and give its path."""
    path.write_text(text, encoding="utf-8")
    return str(path)


async def erased(server: LedgerServer, call_id: str) -> facts.ErasedObjectsRemoved:
    """Erase the call, and wait until the process has carried it out."""
    token = UserTokenIssuer.load(server.keys).mint(
        role="engineer", tenant=TENANT, scopes=["ledger:erase"], subject="eve"
    )
    request = EraseCallRequest(call_id=call_id, reason="request 12", force=True)
    await KeyAdminServiceStub(server.channel("cli")).EraseCall(request, metadata=[("x-cordboard-user", token)])
    removed = await removal(server.client("cli"), call_id, 60)
    assert removed is not None
    return removed


@asynccontextmanager
async def wrap_up_process(settings: dict[str, str]) -> AsyncIterator[None]:
    """Run the process for a while, and ask it to stop."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cordboard.activities.wrap_up", env={**os.environ, **settings}, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert ready["ready"]
        yield
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
