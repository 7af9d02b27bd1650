"""Erasure, legal holds and tenants' keys over gRPC: who may, what happens, and what stands on record."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.message import Message
from ledger_events import FakeClock, heard, new_event
from ledger_server import LedgerServer, ledger_server, utc_now
from postgres_ledger import PostgresLedger

from cordboard.audit_log import tenant_keys
from cordboard.audit_log.assembly import Stores, memory_stores, postgres_stores
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.memory.keyring import MemoryKeyring
from cordboard.audit_log.record import StreamKey
from cordboard.call.v1.decisions_pb2 import CallFailed, CallOffered
from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved, WrapUpFinished
from cordboard.core.errors import (
    CordboardError,
    ForbiddenError,
    InternalError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    WrongStateError,
)
from cordboard.core.event_message import unpack
from cordboard.ledger.v1 import facts_pb2 as facts
from cordboard.ledger.v1 import key_admin_service_pb2 as asked
from cordboard.ledger.v1.envelope_pb2 import Envelope, Stream
from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceStub
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.runtime.identity import UserTokenIssuer
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import call_stream

if TYPE_CHECKING:
    from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceAsyncStub

ALL = ("ledger:erase", "ledger:hold", "ledger:keys")
VOICE = "voice-agent/voice-agent-1/boot"


class Office:
    """A ledger and a person at its key desk."""

    def __init__(self, server: LedgerServer, keyring: MemoryKeyring) -> None:
        self.server = server
        self.keyring = keyring
        self.stub: KeyAdminServiceAsyncStub = KeyAdminServiceStub(server.channel("cli"))

    def token(self, scopes: Sequence[str] = ALL, tenant: str = "acme") -> list[tuple[str, str]]:
        issuer = UserTokenIssuer.load(self.server.keys)
        minted = issuer.mint(role="engineer", tenant=tenant, scopes=scopes, subject="eve")
        return [("x-cordboard-user", minted)]

    async def call(self, request_id: str = "r1", tenant: str = "acme") -> str:
        """Open a call on which something was said."""
        opened = await self.server.client("gateway").open_call(
            tenant=tenant, request_id=request_id, args_digest=bytes(32), vertical="v"
        )
        said = new_event(StreamKey("call", opened.call_id), heard("my knee hurts"), 1, VOICE)
        await self.server.client("voice-agent").append([said])
        return opened.call_id

    async def end(self, call: str) -> None:
        """Have the call's workflow decide that it failed."""
        stream, source = StreamKey("call", call), f"workflow/{call}"
        decided: list[Message] = [CallOffered(call_id=call, tenant="acme", vertical="v"), CallFailed(reason="TEST")]
        events = [new_event(stream, event, number, source) for number, event in enumerate(decided, 1)]
        await self.server.client("worker").append(events)

    async def ask(self, method: str, request: Message, metadata: Any = None) -> Any:
        async with translate_errors():
            return await getattr(self.stub, method)(request, metadata=metadata or self.token())

    async def events(self, stream: Stream) -> list[tuple[Message | None, str]]:
        """Give the ledger's own facts on a stream, with their actors, after the first."""
        found = [one async for one in self.server.client("worker").read(stream)]
        return [(unpack(one), one.event.actor) for one in found if "-own" in one.event.source]

    async def shown(self, call: str) -> Envelope:
        return [one async for one in self.server.client("worker").read(call_stream(call), with_phi=True)][1]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(utc_now())


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest, clock: FakeClock) -> Stores:
    if request.param == "memory":
        return memory_stores(clock)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return postgres_stores(ledger.database, ledger.store, clock)


@pytest.fixture
async def office(stores: Stores, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Office]:
    keyring = MemoryKeyring()
    async with ledger_server(tmp_path, stores, clock, wrapper=keyring) as running:
        yield Office(running, keyring)


async def test_erases_a_call_that_is_over(office: Office, clock: FakeClock) -> None:
    call = await office.call()
    await office.end(call)
    assert not (await office.shown(call)).redacted
    answer = await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12"))
    assert not answer.repeated
    assert answer.forgotten_at.ToDatetime() - answer.erased_at.ToDatetime() == timedelta(minutes=10)
    shown = await office.shown(call)
    assert (shown.redacted, shown.erased) == (True, True)
    with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
        await KeyClient(office.server.channel("worker")).subkey(call, "temporal")
    with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
        late = new_event(StreamKey("call", call), heard("too late"), 2, VOICE)
        await office.server.client("voice-agent").append([late])
    assert await office.events(call_stream(call)) == [(facts.CallErased(reason="request 12"), "engineer/eve")]


async def test_whoever_listens_forgets_the_keys_of_an_erased_call_at_once(office: Office) -> None:
    call, other = await office.call(), await office.call("r2")
    keys, told = KeyClient(office.server.channel("worker")), asyncio.Queue[str]()
    keys.on_erasure(told.put_nowait)
    async with asyncio.timeout(30), keys.listening():
        await keys.hears.wait()
        kept = {name: await keys.subkey(name, "temporal") for name in (call, other)}
        await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12", force=True))
        assert await told.get() == call
        with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
            await keys.subkey(call, "temporal")
        # An answer that was on its way brings nothing back.
        keys.keep(call, "temporal", kept[call])
        with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
            await keys.subkey(call, "temporal")
        assert await keys.subkey(other, "temporal") == kept[other]


async def test_on_the_record_of_an_erased_call_stands_what_became_of_its_objects_and_nothing_else(
    office: Office,
) -> None:
    call = await office.call()
    await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12", force=True))
    wrap_up, source = office.server.client("wrap-up"), "wrap-up/wrap-up-1/boot"
    stream = StreamKey("call", call)
    removed = new_event(stream, ErasedObjectsRemoved(removed=3), 1, source)
    for batch in (
        [new_event(stream, WrapUpFinished(), 1, source)],
        [removed, new_event(stream, WrapUpFinished(), 2, source)],
    ):
        with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
            await wrap_up.append(batch)
    await wrap_up.append([removed])
    assert [one async for one in wrap_up.read(call_stream(call))][-1].event.source == source


async def test_erasing_twice_is_erasing_once(office: Office) -> None:
    call = await office.call()
    request = asked.EraseCallRequest(call_id=call, reason="request 12", force=True)
    first = await office.ask("EraseCall", request)
    again = await office.ask("EraseCall", request)
    assert again.repeated
    assert again.erased_at == first.erased_at
    assert len(await office.events(call_stream(call))) == 1


async def test_a_call_that_is_not_over_is_erased_by_force_only(office: Office) -> None:
    call = await office.call()
    with pytest.raises(WrongStateError, match="CALL_NOT_OVER"):
        await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12"))
    assert not (await office.shown(call)).erased
    await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12", force=True))
    assert [event for event, _ in await office.events(call_stream(call))] == [
        facts.ErasureRefused(refusal="CALL_NOT_OVER", reason="request 12"),
        facts.CallErased(reason="request 12", forced=True),
    ]


async def test_a_call_of_yesterday_is_over_whatever_its_record_says(office: Office, clock: FakeClock) -> None:
    call = await office.call()
    clock.advance(90_000)
    await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason="request 12"))
    assert (await office.shown(call)).erased


async def test_a_legal_hold_blocks_erasure_even_by_force(office: Office) -> None:
    call = await office.call()
    hold = asked.SetLegalHoldRequest(call_id=call, reason="case 7")
    set_first = (await office.ask("SetLegalHold", hold)).hold
    assert (set_first.call_id, set_first.reason, set_first.set_by) == (call, "case 7", "engineer/eve")
    hold.reason = "case 8"
    assert (await office.ask("SetLegalHold", hold)).hold == set_first
    erase = asked.EraseCallRequest(call_id=call, reason="request 12", force=True)
    with pytest.raises(WrongStateError, match="LEGAL_HOLD"):
        await office.ask("EraseCall", erase)
    for request in (asked.ListLegalHoldsRequest(), asked.ListLegalHoldsRequest(call_id=call)):
        assert list((await office.ask("ListLegalHolds", request)).holds) == [set_first]
    clear = asked.ClearLegalHoldRequest(call_id=call, reason="case 7 is closed")
    assert [(await office.ask("ClearLegalHold", clear)).cleared for _ in range(2)] == [True, False]
    assert not (await office.ask("ListLegalHolds", asked.ListLegalHoldsRequest())).holds
    await office.ask("EraseCall", erase)
    assert [event for event, _ in await office.events(call_stream(call))] == [
        facts.LegalHoldSet(reason="case 7"),
        facts.ErasureRefused(refusal="LEGAL_HOLD", reason="request 12"),
        facts.LegalHoldCleared(reason="case 7 is closed"),
        facts.CallErased(reason="request 12", forced=True),
    ]
    with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
        await office.ask("SetLegalHold", hold)


async def test_rotation_rewrapping_and_retirement_make_old_copies_useless(office: Office, stores: Stores) -> None:
    calls = [await office.call(f"r{number}") for number in range(3)]
    copies = [await stores.keys.key(call) for call in calls]
    keys = await office.ask("ListTenantKeys", asked.ListTenantKeysRequest(tenant="acme"))
    assert (keys.current_kek_id, [(use.kek_id, use.calls) for use in keys.uses]) == (
        "local/acme/1",
        [("local/acme/1", 3)],
    )
    rotate = asked.RotateTenantKeyRequest(tenant="acme", expected_kek_id="local/acme/1")
    answers = [await office.ask("RotateTenantKey", rotate) for _ in range(2)]
    assert [(one.kek_id, one.rotated) for one in answers] == [("local/acme/2", True), ("local/acme/2", False)]
    newest = await stores.keys.key(await office.call("r9"))
    assert newest is not None
    assert newest.wrapped is not None
    assert newest.wrapped.kek_id == "local/acme/2"
    retire = asked.RetireTenantKeyRequest(tenant="acme", kek_id="local/acme/1")
    with pytest.raises(WrongStateError, match="KEK_IN_USE"):
        await office.ask("RetireTenantKey", retire)
    progress = [
        one
        async for one in office.stub.RewrapCallKeys(asked.RewrapCallKeysRequest(tenant="acme"), metadata=office.token())
    ]
    assert (progress[-1].rewrapped, progress[-1].remaining, progress[-1].failed) == (3, 0, 0)
    await office.ask("RetireTenantKey", retire)
    assert words_of(await office.shown(calls[0])) == "my knee hurts"
    for copy in copies:
        assert copy is not None
        assert copy.wrapped is not None
        with pytest.raises(CordboardError, match="KEK_MISSING"):
            await office.keyring.unwrap("acme", copy.call_id, copy.wrapped)
    assert await office.events(Stream(kind="tenant", id="acme")) == [
        (event, "engineer/eve")
        for event in (
            facts.TenantKeyRotationBegun(previous_kek_id="local/acme/1"),
            facts.TenantKeyRotated(kek_id="local/acme/2", previous_kek_id="local/acme/1"),
            facts.CallKeysRewrapped(kek_id="local/acme/2", rewrapped=3),
            facts.TenantKeyRetired(kek_id="local/acme/1"),
        )
    ]


async def test_rewrapping_that_was_broken_off_goes_on_and_names_what_does_not_open(
    office: Office, stores: Stores, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for number in range(4):
        # So that the ids are in this order.
        clock.advance(1)
        calls.append(await office.call(f"r{number}"))
    await office.keyring.rotate("acme")
    damaged = await stores.keys.key(calls[3])
    assert damaged is not None
    assert damaged.wrapped is not None
    assert await stores.keys.replace(calls[3], damaged.wrapped, WrappedKey(damaged.wrapped.kek_id, bytes(60)))
    rewrap, request = MemoryKeyring.rewrap, asked.RewrapCallKeysRequest(tenant="acme")

    async def throttled(keyring: MemoryKeyring, tenant: str, call_id: str, wrapped: WrappedKey) -> WrappedKey:
        if call_id == calls[2]:
            raise UnavailableError("KMS_THROTTLED", "slow down")
        return await rewrap(keyring, tenant, call_id, wrapped)

    monkeypatch.setattr(MemoryKeyring, "rewrap", throttled)
    monkeypatch.setattr(tenant_keys, "PAGE", 2)
    with pytest.raises(UnavailableError, match="KMS_THROTTLED"):
        async with translate_errors():
            [one async for one in office.stub.RewrapCallKeys(request, metadata=office.token())]
    monkeypatch.setattr(MemoryKeyring, "rewrap", rewrap)
    progress = [one async for one in office.stub.RewrapCallKeys(request, metadata=office.token())]
    assert (progress[-1].rewrapped, progress[-1].failed) == (1, 1)
    done = [event for event, _ in await office.events(Stream(kind="tenant", id="acme"))]
    assert done[0] == facts.CallKeysRewrapped(kek_id="local/acme/2", rewrapped=2, failed=1)
    assert done[1] == facts.CallKeysRewrapped(kek_id="local/acme/2", rewrapped=1, failed=1)
    assert await stores.keys.uses("acme") == {"local/acme/1": 1, "local/acme/2": 3}


@pytest.mark.parametrize(
    ("method", "request_message", "scope"),
    [
        ("EraseCall", asked.EraseCallRequest(reason="x"), "ledger:erase"),
        ("SetLegalHold", asked.SetLegalHoldRequest(reason="x"), "ledger:hold"),
        ("ClearLegalHold", asked.ClearLegalHoldRequest(reason="x"), "ledger:hold"),
        ("ListLegalHolds", asked.ListLegalHoldsRequest(call_id="x"), "ledger:hold"),
    ],
)
async def test_each_deed_needs_its_scope_and_its_tenant(
    office: Office, method: str, request_message: Message, scope: str
) -> None:
    call = await office.call()
    request_message.call_id = call  # type: ignore[attr-defined]
    others = [one for one in ALL if one != scope]
    with pytest.raises(ForbiddenError, match="SCOPE_MISSING"):
        await office.ask(method, request_message, office.token(others))
    with pytest.raises(NotFoundError, match="STREAM_NOT_FOUND"):
        await office.ask(method, request_message, office.token([scope], tenant="zen"))
    with pytest.raises(UnauthenticatedError, match="TOKEN_MISSING"):
        await office.ask(method, request_message, [("x-other", "y")])
    assert await office.events(call_stream(call)) == []


async def test_the_keys_of_another_tenant_are_not_to_be_touched(office: Office) -> None:
    rotate = asked.RotateTenantKeyRequest(tenant="acme", expected_kek_id="local/acme/1")
    with pytest.raises(ForbiddenError, match="TENANT_NOT_YOURS"):
        await office.ask("RotateTenantKey", rotate, office.token(tenant="zen"))
    with pytest.raises(ForbiddenError, match="SCOPE_MISSING"):
        await office.ask("RotateTenantKey", rotate, office.token(["ledger:erase"]))


async def test_a_tenants_lost_key_stops_its_own_readers_and_nobody_who_follows_the_log(
    office: Office, stores: Stores, tmp_path: Path
) -> None:
    lost, other = await office.call(), await office.call("r2", tenant="zen")
    keyring = MemoryKeyring()
    keyring._keys = {name: key for name, key in office.keyring._keys.items() if "/zen/" in name}
    async with ledger_server(tmp_path, stores, wrapper=keyring) as restarted:
        client = restarted.client("worker")
        with pytest.raises(InternalError, match="KEK_MISSING"):
            [one async for one in client.read(call_stream(lost), with_phi=True)]
        said: dict[str, Envelope] = {}
        async with asyncio.timeout(30), aclosing(client.subscribe(with_phi=True)) as feed:
            async for response in feed:
                said |= {one.event.stream.id: one for one in response.events if one.event.source == VOICE}
                if len(said) == 2:
                    break
    assert words_of(said[other]) == "my knee hurts"
    assert (words_of(said[lost]), said[lost].redacted, said[lost].erased) == ("", True, False)


@pytest.mark.parametrize("component", ["worker", "media-node", "voice-agent"])
async def test_other_components_do_nothing_with_keys(office: Office, component: str) -> None:
    stub: KeyAdminServiceAsyncStub = KeyAdminServiceStub(office.server.channel(component))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.EraseCall(asked.EraseCallRequest(call_id="x", reason="x"), metadata=office.token())
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("reason", ["", "x" * 201])
async def test_a_deed_without_a_reason_is_refused(office: Office, reason: str) -> None:
    call = await office.call()
    with pytest.raises(CordboardError, match="INVALID_REQUEST"):
        await office.ask("EraseCall", asked.EraseCallRequest(call_id=call, reason=reason))


def words_of(envelope: Envelope) -> str:
    event = unpack(envelope)
    return getattr(event, "text", "")
