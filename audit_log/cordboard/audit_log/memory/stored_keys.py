"""The key store in memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from cordboard.audit_log.draft import Opening
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.stored_keys import Destruction, KeyChange, StoredKey
from cordboard.core.errors import InternalError, NotFoundError


class MemoryKeys:
    """Keys that a MemoryEventStore writes."""

    def __init__(self) -> None:
        """Begin without keys."""
        self._keys: dict[str, StoredKey] = {}

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key; see KeyStore.key."""
        return self._keys.get(call_id)

    async def replace(self, call_id: str, old: WrappedKey, new: WrappedKey) -> bool:
        """Keep a key wrapped anew; see KeyStore.replace."""
        key = self._keys.get(call_id)
        if key is None or key.wrapped != old:
            return False
        self._keys[call_id] = replace(key, wrapped=new)
        return True

    async def wrapped_otherwise(self, tenant: str, kek_id: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys that another version wraps; see KeyStore.wrapped_otherwise."""
        found = (key for key in self._of(tenant, after) if key.wrapped is not None and key.wrapped.kek_id != kek_id)
        return list(found)[:limit]

    async def uses(self, tenant: str) -> dict[str, int]:
        """Count keys by version; see KeyStore.uses."""
        return dict(Counter(key.wrapped.kek_id for key in self._of(tenant) if key.wrapped is not None))

    async def destroyed(self, call_ids: Iterable[str]) -> frozenset[str]:
        """Tell which keys were destroyed; see KeyStore.destroyed."""
        return frozenset(one for one in call_ids if one in self._keys and self._keys[one].wrapped is None)

    async def held(self, tenant: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys under a legal hold; see KeyStore.held."""
        return [key for key in self._of(tenant, after) if key.hold is not None][:limit]

    def open(self, opening: Opening) -> None:
        """Take a new call's key."""
        wrapped = WrappedKey(opening.kek_id, opening.wrapped_key)
        self._keys[opening.call_id] = StoredKey(opening.call_id, opening.tenant, wrapped)

    def check(self, change: KeyChange) -> None:
        """Raise what PostgreSQL's constraints would: NotFoundError, InternalError(LEDGER_REFUSED)."""
        key = self._keys.get(change.call_id)
        if key is None:
            raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=change.call_id)
        if isinstance(change, Destruction):
            refused = key.hold is not None
        else:
            refused = key.wrapped is None and change.hold is not None
        if refused:
            raise InternalError("LEDGER_REFUSED", "a held key is not destroyed, and a destroyed one not held")

    def apply(self, change: KeyChange) -> None:
        """Make a change that was checked."""
        key = self._keys[change.call_id]
        if isinstance(change, Destruction):
            key = replace(key, wrapped=None, destroyed_at=key.destroyed_at or change.at)
        else:
            key = replace(key, hold=change.hold)
        self._keys[change.call_id] = key

    def _of(self, tenant: str, after: str = "") -> list[StoredKey]:
        return [key for call_id, key in sorted(self._keys.items()) if key.tenant == tenant and call_id > after]
