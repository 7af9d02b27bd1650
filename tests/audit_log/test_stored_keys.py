"""What the store of keys promises, in memory and in PostgreSQL."""

import asyncpg
import pytest
from ledger_events import FakeClock, call_id, draft, opening
from postgres_ledger import PostgresLedger

from cordboard.audit_log.assembly import Stores, memory_stores, postgres_stores
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stored_keys import Destruction, HoldChange, KeyChange, LegalHold
from cordboard.core.errors import InternalError

CALL = call_id(1)
WRAPPED = WrappedKey("local/acme/1", b"wrapped")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest, clock: FakeClock) -> Stores:
    if request.param == "memory":
        return memory_stores(clock)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return postgres_stores(ledger.database, ledger.store, clock)


async def open_call(stores: Stores, call: str = CALL, tenant: str = "acme") -> None:
    await stores.events.append([draft(StreamKey("call", call), 1)], opening=opening(call, tenant=tenant))


async def change(stores: Stores, what: KeyChange, number: int = 1) -> None:
    event = draft(StreamKey("call", what.call_id), number, source="ledger/l/b")
    await stores.events.append([event], change=what)


def hold(clock: FakeClock) -> LegalHold:
    return LegalHold("case 7", "engineer/eve", clock())


async def test_gives_a_calls_wrapped_key(stores: Stores) -> None:
    await open_call(stores)
    key = await stores.keys.key(CALL)
    assert key is not None
    assert (key.tenant, key.wrapped, key.hold, key.destroyed_at) == ("acme", WRAPPED, None, None)
    assert await stores.keys.key(call_id(2)) is None


async def test_destroys_a_key_for_good(stores: Stores, clock: FakeClock) -> None:
    await open_call(stores)
    await open_call(stores, call_id(2))
    at = clock()
    await change(stores, Destruction(CALL, at))
    clock.advance(5)
    await change(stores, Destruction(CALL, clock()), 2)
    key = await stores.keys.key(CALL)
    assert key is not None
    assert (key.wrapped, key.destroyed_at) == (None, at)
    assert await stores.keys.destroyed([CALL, call_id(2), call_id(3)]) == {CALL}
    assert not await stores.keys.replace(CALL, WRAPPED, WRAPPED)


async def test_a_legal_hold_blocks_destruction_and_nothing_is_written(stores: Stores, clock: FakeClock) -> None:
    await open_call(stores)
    await change(stores, HoldChange(CALL, hold(clock)))
    with pytest.raises(InternalError) as caught:
        await change(stores, Destruction(CALL, clock()), 2)
    assert caught.value.reason == "LEDGER_REFUSED"
    key = await stores.keys.key(CALL)
    assert key is not None
    assert (key.wrapped, key.hold) == (WRAPPED, hold(clock))


async def test_a_cleared_hold_blocks_nothing(stores: Stores, clock: FakeClock) -> None:
    await open_call(stores)
    await change(stores, HoldChange(CALL, hold(clock)))
    await change(stores, HoldChange(CALL, None), 2)
    await change(stores, Destruction(CALL, clock()), 3)
    with pytest.raises(InternalError):
        await change(stores, HoldChange(CALL, hold(clock)), 4)


async def test_lists_a_tenants_held_calls_in_pages(stores: Stores, clock: FakeClock) -> None:
    calls = [call_id(number) for number in range(1, 5)]
    for call in calls:
        await open_call(stores, call, "zen" if call == calls[3] else "acme")
        if call != calls[1]:
            await change(stores, HoldChange(call, hold(clock)))
    first = await stores.keys.held("acme", "", 1)
    rest = await stores.keys.held("acme", first[-1].call_id, 10)
    assert [key.call_id for key in (*first, *rest)] == [calls[0], calls[2]]


async def test_keeps_a_key_wrapped_anew_unless_it_was_changed_meanwhile(stores: Stores) -> None:
    await open_call(stores)
    fresh = WrappedKey("local/acme/2", b"anew")
    assert await stores.keys.replace(CALL, WRAPPED, fresh)
    assert not await stores.keys.replace(CALL, WRAPPED, WrappedKey("local/acme/3", b"late"))
    key = await stores.keys.key(CALL)
    assert key is not None
    assert key.wrapped == fresh


async def test_tells_which_keys_older_versions_wrap(stores: Stores, clock: FakeClock) -> None:
    calls = [call_id(number) for number in range(1, 6)]
    for call in calls:
        await open_call(stores, call, "zen" if call == calls[4] else "acme")
    await stores.keys.replace(calls[1], WRAPPED, WrappedKey("local/acme/2", b"anew"))
    await change(stores, Destruction(calls[2], clock()))
    assert await stores.keys.uses("acme") == {"local/acme/1": 2, "local/acme/2": 1}
    older = await stores.keys.wrapped_otherwise("acme", "local/acme/2", "", 10)
    assert [key.call_id for key in older] == [calls[0], calls[3]]
    beyond = await stores.keys.wrapped_otherwise("acme", "local/acme/2", calls[0], 10)
    assert [key.call_id for key in beyond] == [calls[3]]


async def test_no_statement_brings_a_destroyed_key_back(postgres_ledger: PostgresLedger, clock: FakeClock) -> None:
    stores = postgres_stores(postgres_ledger.database, postgres_ledger.store, clock)
    await open_call(stores)
    await change(stores, Destruction(CALL, clock()))
    connection = await asyncpg.connect(postgres_ledger.url)
    with pytest.raises(asyncpg.RaiseError):
        await connection.execute("update ledger.call_key set wrapped_key = 'x', destroyed_at = null")
    with pytest.raises(asyncpg.RaiseError):
        await connection.execute("delete from ledger.call_key")
    await connection.close()
