"""Keys of calls in the ledger's memory: found, forgotten, and never kept when they are gone."""

from collections.abc import Awaitable, Callable

import pytest
from ledger_events import FakeClock, call_id, destroy_key, draft, opening

from cordboard.audit_log.assembly import Stores, memory_stores
from cordboard.audit_log.call_keys import RECHECK_SECONDS, CallKeys
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.memory.keyring import MemoryKeyring
from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import InternalError, WrongStateError

CALL = call_id(1)
DATA_KEY = bytes(range(32))


class Stopwatch:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
async def stores(keyring: MemoryKeyring) -> Stores:
    """A ledger with one call, its key wrapped by the keyring."""
    made = memory_stores(FakeClock())
    await made.events.append([draft(StreamKey("call", CALL), 1)], opening=opening(CALL))
    wrapped = await keyring.wrap("acme", CALL, DATA_KEY)
    assert await made.keys.replace(CALL, WrappedKey("local/acme/1", b"wrapped"), wrapped)
    return made


async def test_a_key_that_another_ledger_destroyed_is_forgotten_within_a_minute(
    stores: Stores, keyring: MemoryKeyring
) -> None:
    watch = Stopwatch()
    keys = CallKeys(stores.keys, keyring, monotonic=watch)
    assert (await keys.find(CALL)).subkey("temporal")
    await destroy_key(stores, CALL)
    watch.now = RECHECK_SECONDS
    with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
        await keys.find(CALL)
    assert await keys.find_if_there(CALL) is None


async def test_a_key_that_stays_is_unwrapped_once(
    stores: Stores, keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Stopwatch()
    keys = CallKeys(stores.keys, keyring, monotonic=watch)
    first = await keys.find(CALL)
    monkeypatch.setattr(keyring, "_keys", {})
    for _ in range(3):
        watch.now += RECHECK_SECONDS
        assert await keys.find(CALL) is first


async def _nothing() -> None:
    """Do nothing."""


class Slow(MemoryKeyring):
    """A keyring during whose first unwrapping something else happens."""

    def __init__(self, like: MemoryKeyring) -> None:
        super().__init__()
        self._keys = like._keys
        self.happens: Callable[[], Awaitable[None]] = _nothing

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Unwrap, after it happened."""
        happens, self.happens = self.happens, _nothing
        await happens()
        return await super().unwrap(tenant, call_id, wrapped)


async def test_a_key_that_is_destroyed_while_it_is_unwrapped_is_not_kept(
    stores: Stores, keyring: MemoryKeyring
) -> None:
    slow = Slow(keyring)
    keys = CallKeys(stores.keys, slow)

    async def destroy() -> None:
        await destroy_key(stores, CALL)
        keys.forget(CALL)

    slow.happens = destroy
    for _ in range(2):
        with pytest.raises(WrongStateError, match="KEY_DESTROYED"):
            await keys.find(CALL)


async def test_a_key_that_is_wrapped_anew_meanwhile_is_found(stores: Stores, keyring: MemoryKeyring) -> None:
    slow = Slow(keyring)

    async def move() -> None:
        stored = await stores.keys.key(CALL)
        assert stored is not None
        assert stored.wrapped is not None
        await keyring.rotate("acme")
        await stores.keys.replace(CALL, stored.wrapped, await keyring.rewrap("acme", CALL, stored.wrapped))
        await keyring.retire("acme", stored.wrapped.kek_id)

    slow.happens = move
    assert (await CallKeys(stores.keys, slow).find(CALL)).subkey("temporal")


async def test_a_key_that_does_not_open_is_no_destroyed_one(stores: Stores) -> None:
    keys = CallKeys(stores.keys, MemoryKeyring())
    with pytest.raises(InternalError, match="KEK_MISSING"):
        await keys.find_if_there(CALL)
