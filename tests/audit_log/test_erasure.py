"""After an erasure no PHI of the call can be read by any means that the engine offers, on a real PostgreSQL."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from ledger_events import heard, new_event
from ledger_server import LedgerServer, ledger_server, utc_now
from postgres import PostgresServer
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from cordboard.activities.wrap_up.object_seal import unseal as open_object
from cordboard.audit_log.access import PURPOSES
from cordboard.audit_log.assembly import Stores, postgres_stores
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import prepare_schema
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.sealing import derive
from cordboard.call.v1.decisions_pb2 import CallFailed, CallOffered
from cordboard.core.errors import CordboardError, InternalError, WrongStateError
from cordboard.core.fold import fold_envelopes
from cordboard.core.state_digest import state_digest
from cordboard.ledger.v1 import key_admin_service_pb2 as asked
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent
from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceStub
from cordboard.ledger.v1.ledger_service_pb2 import OpenCallRequest
from cordboard.ledger.v1.ledger_service_pb2_grpc import LedgerServiceStub
from cordboard.media.v1.capture_pb2 import CaptureSegment
from cordboard.media_node.archive import object_key_of
from cordboard.media_node.archive import seal as seal_segment
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.runtime.identity import UserTokenIssuer
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import call_stream
from cordboard.runtime.ledger_client.spool_seal import SpoolSeal
from cordboard.workflows.payload_codec import CallCodec

WORDS = "my knee hurts since the accident in Springfield"
VOICE = "voice-agent/voice-agent-1/boot"


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server whose files hold nothing but this test's."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
async def stores(own_postgres: PostgresServer) -> AsyncIterator[Stores]:
    database = Database(own_postgres.create_database("ledger"))
    await prepare_schema(database, utc_now)
    events = PostgresEventStore(database, utc_now)
    events.appender.start()
    await events.appender.wait_until_leading()
    yield postgres_stores(database, events, utc_now)
    await events.appender.stop()
    await database.close()


@pytest.fixture
async def server(stores: Stores, tmp_path: Path) -> AsyncIterator[LedgerServer]:
    async with ledger_server(tmp_path, stores) as running:
        yield running


class Remains:
    """What a call leaves behind outside of the ledger, sealed while its key was there."""

    def __init__(self, call: str, payload: Payload, segment: tuple[str, bytes], record: bytes) -> None:
        self.call = call
        self.payload = payload
        self.segment = segment
        self.record = record

    async def open_all(self, server: LedgerServer) -> dict[str, Any]:
        """Try to open each with keys asked for anew, and give what came of it: words, or the reason of the refusal."""
        spool = SpoolSeal(KeyClient(server.channel("voice-agent")))
        return {
            "payload": await _try(self._payload(server)),
            "segment": await _try(self._segment(server)),
            "spool": await spool.open(self.record) or "KEY_DESTROYED",
        }

    async def _payload(self, server: LedgerServer) -> str:
        (opened,) = await _codec(server, self.call).decode([self.payload])
        return opened.data.decode()

    async def _segment(self, server: LedgerServer) -> str:
        name, sealed = self.segment
        key = await KeyClient(server.channel("media-node")).subkey(self.call, "recording")
        return CaptureSegment.FromString(open_object(sealed, key, name)).packets[0].payload.decode()


async def _try(opening: Any) -> str:
    try:
        return str(await opening)
    except CordboardError as error:
        return error.reason


def _codec(server: LedgerServer, call: str) -> CallCodec:
    context = WorkflowSerializationContext(namespace="n", workflow_id=f"call/{call}")
    return CallCodec(KeyClient(server.channel("worker"))).with_context(context)


async def live(server: LedgerServer) -> Remains:
    """Have a call in which something is said, with all that is sealed of it elsewhere."""
    opened = await server.client("gateway").open_call(
        tenant="acme", request_id="r1", args_digest=bytes(32), vertical="v"
    )
    call = opened.call_id
    said = new_event(StreamKey("call", call), heard(WORDS), 1, VOICE)
    await server.client("voice-agent").append([said])
    source = f"workflow/{call}"
    decided = [CallOffered(call_id=call, tenant="acme", vertical="v"), CallFailed(reason="TEST")]
    events = [new_event(StreamKey("call", call), one, number, source) for number, one in enumerate(decided, 1)]
    await server.client("worker").append(events)
    (payload,) = await _codec(server, call).encode([Payload(data=WORDS.encode())])
    segment = CaptureSegment(call_id=call, leg_id="caller", placement_epoch=1)
    segment.packets.add(payload=WORDS.encode())
    name = object_key_of("acme", segment)
    key = await KeyClient(server.channel("media-node")).subkey(call, "recording")
    spool, ready = SpoolSeal(KeyClient(server.channel("voice-agent"))), asyncio.Event()
    spool.prepare(said.stream, ready.set)
    await ready.wait()
    record = spool.record(said)
    assert record is not None
    return Remains(call, payload, (name, seal_segment(segment, key, name, bytes(12))), record)


async def erase(server: LedgerServer, call: str) -> None:
    await admin(server, "EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12"))


async def admin(server: LedgerServer, method: str, request: Any) -> Any:
    token = UserTokenIssuer.load(server.keys).mint(
        role="engineer", tenant="acme", scopes=["ledger:erase", "ledger:keys"], subject="eve"
    )
    stub = KeyAdminServiceStub(server.channel("cli"))
    async with translate_errors():
        answer = getattr(stub, method)(request, metadata=[("x-cordboard-user", token)])
        return [one async for one in answer] if method == "RewrapCallKeys" else await answer


async def everything_read(server: LedgerServer, call: str) -> list[Envelope]:
    """Read and follow the call as each component that may, with PHI and without."""
    found: list[Envelope] = []
    for component in ("worker", "wrap-up", "gateway", "cli"):
        client = server.client(component)
        for with_phi in (True, False):
            read = [one async for one in client.read(call_stream(call), with_phi=with_phi)]
            found += read
            followed: list[Envelope] = []
            async with asyncio.timeout(30), aclosing(client.subscribe(with_phi=with_phi)) as feed:
                async for response in feed:
                    followed += response.events
                    if any((one.event.stream.id, one.seq) == (call, read[-1].seq) for one in followed):
                        break
            found += followed
    return found


async def test_nothing_reads_an_erased_call_and_its_record_still_holds(server: LedgerServer) -> None:
    remains = await live(server)
    before = await everything_read(server, remains.call)
    assert any(WORDS.encode() in one.SerializeToString() for one in before)
    opened = await remains.open_all(server)
    assert (opened["payload"], opened["segment"]) == (WORDS, WORDS)
    assert isinstance(opened["spool"], NewEvent)

    await erase(server, remains.call)

    after = await everything_read(server, remains.call)
    assert not [one for one in after if b"knee" in one.SerializeToString()]
    shown = [one for one in after if one.event.event.TypeName().endswith("UtteranceHeard")]
    assert len(shown) == 16
    assert all(one.redacted and one.erased for one in shown)
    for component, purposes in PURPOSES.items():
        for purpose in purposes:
            with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
                await KeyClient(server.channel(component)).subkey(remains.call, purpose)
    repeat = OpenCallRequest(
        tenant="acme", request_id="r1", args_digest=bytes(32), vertical="v", key_purpose="temporal"
    )
    answer = await LedgerServiceStub(server.channel("gateway")).OpenCall(repeat)
    assert (answer.call_id, answer.repeated, answer.subkey) == (remains.call, True, b"")
    assert await remains.open_all(server) == dict.fromkeys(("payload", "segment", "spool"), "KEY_DESTROYED")
    assert not [fault async for one in server.client("cli").verify() for fault in one.faults]
    folded = [
        fold_envelopes(one for one in envelopes if one.event.stream.id == remains.call) for envelopes in (before, after)
    ]
    assert folded[0] is not None
    assert folded[1] is not None
    assert state_digest(folded[0]) == state_digest(folded[1])


def _forms(secret: bytes) -> list[bytes]:
    """Give a secret as it might be written down."""
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        # Whatever stands before it, the middle of its base64 is one of three.
        *(base64.b64encode(bytes(shift) + secret)[4:-4] for shift in range(3)),
    ]


async def test_no_file_of_postgresql_holds_a_key_or_a_word_and_old_copies_of_the_wrapped_key_die_with_its_version(
    server: LedgerServer, stores: Stores, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    remains = await live(server)
    stored = await stores.keys.key(remains.call)
    assert stored is not None
    copy = stored.wrapped
    assert isinstance(copy, WrappedKey)
    keyring = LocalKeyring(tmp_path / "keyring.json")
    data_key = await keyring.unwrap("acme", remains.call, copy)
    await erase(server, remains.call)
    rotate = asked.RotateTenantKeyRequest(tenant="acme", expected_kek_id=copy.kek_id)
    assert (await admin(server, "RotateTenantKey", rotate)).rotated
    await admin(server, "RewrapCallKeys", asked.RewrapCallKeysRequest(tenant="acme"))
    await admin(server, "RetireTenantKey", asked.RetireTenantKeyRequest(tenant="acme", kek_id=copy.kek_id))
    own_postgres.stop()
    purposes = {purpose for each in PURPOSES.values() for purpose in each} | {"sealed", "dedupe"}
    secrets = [data_key, *(derive(data_key, purpose) for purpose in sorted(purposes))]
    needles = [form for secret in secrets for form in _forms(secret)]
    needles += [*_forms(WORDS.encode()), WORDS.encode("utf-16-le"), b"Springfield"]
    files = b"\n".join(path.read_bytes() for path in own_postgres.data.rglob("*") if path.is_file())
    assert remains.call.encode() in files
    assert not [needle for needle in needles if needle in files]
    # Write-ahead log and backups keep the wrapped form for a while. It opens no more.
    with pytest.raises(InternalError, match="KEK_MISSING"):
        await LocalKeyring(tmp_path / "keyring.json").unwrap("acme", remains.call, copy)
