"""The life of the tenants' keys: rotation, wrapping anew, retirement."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.keyring import KeyWrapper, in_use
from cordboard.audit_log.own_events import OwnEvents
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stored_keys import KeyStore, StoredKey
from cordboard.core.errors import InternalError
from cordboard.ledger.v1.facts_pb2 import (
    CallKeysRewrapped,
    TenantKeyRetired,
    TenantKeyRotated,
    TenantKeyRotationBegun,
)

PAGE = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rewrapping:
    """How far wrapping anew has come: keys that are done, yet to be tried, and left under their old version."""

    kek_id: str
    rewrapped: int
    remaining: int
    failed: int


class TenantKeys:
    """Makes new versions of tenants' keys, moves calls' keys to them, and destroys old ones; each is on record."""

    def __init__(self, stored: KeyStore, keys: CallKeys, wrapper: KeyWrapper, own: OwnEvents) -> None:
        """Make a keeper over the record's keys and the keyring that wraps them."""
        self._stored = stored
        self._keys = keys
        self._wrapper = wrapper
        self._own = own

    async def uses(self, tenant: str) -> tuple[str, dict[str, int]]:
        """Give the newest version, and how many calls' keys each version wraps."""
        return await self._wrapper.current(tenant), await self._stored.uses(tenant)

    async def rotate(self, tenant: str, actor: str, expected: str) -> tuple[str, bool]:
        """Make a new version unless another than `expected` is newest already. Raises WrongStateError(KEK_SHARED)."""
        current = await self._wrapper.current(tenant)
        if current != expected:
            return current, False
        stream = StreamKey("tenant", tenant)
        # So that no version is ever made that the record does not tell of.
        await self._own.say(stream, TenantKeyRotationBegun(previous_kek_id=current), actor)
        fresh = await self._wrapper.rotate(tenant)
        await self._own.say(stream, TenantKeyRotated(kek_id=fresh, previous_kek_id=current), actor)
        return fresh, True

    async def rewrap(self, tenant: str, actor: str) -> AsyncIterator[Rewrapping]:
        """Wrap the tenant's keys under the newest version, page by page, and give progress after each.

        What is done is done: broken off, it goes on where it was when it is begun again. A key that does not open is
        left as it is and counted.
        """
        kek_id = await self._wrapper.current(tenant)
        remaining = sum(calls for one, calls in (await self._stored.uses(tenant)).items() if one != kek_id)
        counted = Counter[bool]()
        after = ""
        try:
            while page := await self._stored.wrapped_otherwise(tenant, kek_id, after, PAGE):
                # As many at once as the keyring has connections.
                tried = await asyncio.gather(*(self._rewrap(key, counted) for key in page), return_exceptions=True)
                for error in tried:
                    if error is not None:
                        raise error
                after = page[-1].call_id
                remaining = max(0, remaining - len(page))
                yield Rewrapping(kek_id, counted[True], remaining, counted[False])
        finally:
            # Whatever broke it off: what was done is on record.
            if counted:
                fact = CallKeysRewrapped(kek_id=kek_id, rewrapped=counted[True], failed=counted[False])
                await self._own.say(StreamKey("tenant", tenant), fact, actor)
        yield Rewrapping(kek_id, counted[True], 0, counted[False])

    async def retire(self, tenant: str, actor: str, kek_id: str) -> None:
        """Destroy a version that wraps nothing any more. Raises WrongStateError(KEK_IN_USE)."""
        if self._keys.opening_under(kek_id) or (await self._stored.uses(tenant)).get(kek_id):
            raise in_use(kek_id)
        await self._wrapper.retire(tenant, kek_id)
        await self._own.say(StreamKey("tenant", tenant), TenantKeyRetired(kek_id=kek_id), actor)

    async def _rewrap(self, key: StoredKey, counted: Counter[bool]) -> None:
        if key.wrapped is None:
            return
        try:
            fresh = await self._wrapper.rewrap(key.tenant, key.call_id, key.wrapped)
        except InternalError as error:
            _log.error("a key cannot be wrapped anew", extra={"call_id": key.call_id, "reason": error.reason})
            counted[False] += 1
            return
        # One that was destroyed or moved meanwhile stays as it is.
        await self._stored.replace(key.call_id, key.wrapped, fresh)
        counted[True] += 1
