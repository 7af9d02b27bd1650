"""The calls' keys, unwrapped when they are needed and kept in memory for a while."""

import os
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from cordboard.audit_log.calls import CallStore
from cordboard.audit_log.keyring import KeyWrapper, WrappedKey
from cordboard.audit_log.sealing import KEY_BYTES, CallKey
from cordboard.core.errors import NotFoundError, WrongStateError

KEEP_KEYS = 10_000


class CallKeys:
    """Makes, finds and destroys data keys."""

    def __init__(self, calls: CallStore, wrapper: KeyWrapper, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Make a key cabinet over stored keys."""
        self._calls = calls
        self._wrapper = wrapper
        self._randomness = randomness
        self._kept: OrderedDict[str, CallKey] = OrderedDict()

    async def create(self, tenant: str, call_id: str) -> tuple[CallKey, WrappedKey]:
        """Make the key of a new call; the wrapped form is to be stored with its opening."""
        data_key = self._randomness(KEY_BYTES)
        key = CallKey(data_key, self._randomness)
        return key, await self._wrapper.wrap(tenant, call_id, data_key)

    def keep(self, call_id: str, key: CallKey) -> None:
        """Remember a key."""
        self._kept[call_id] = key
        while len(self._kept) > KEEP_KEYS:
            self._kept.popitem(last=False)

    async def find(self, call_id: str) -> CallKey:
        """Give a call's key. Raises NotFoundError(STREAM_NOT_FOUND), WrongStateError(KEY_DESTROYED)."""
        kept = self._kept.get(call_id)
        if kept is not None:
            self._kept.move_to_end(call_id)
            return kept
        stored = await self._calls.key(call_id)
        if stored is None:
            raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=call_id)
        if stored.wrapped is None:
            raise WrongStateError("KEY_DESTROYED", "the call's key was destroyed", call_id=call_id)
        data_key = await self._wrapper.unwrap(stored.tenant, call_id, stored.wrapped)
        key = CallKey(data_key, self._randomness)
        self.keep(call_id, key)
        return key

    async def find_if_there(self, call_id: str) -> CallKey | None:
        """Give a call's key, or None when it was destroyed or the call is not known."""
        try:
            return await self.find(call_id)
        except (NotFoundError, WrongStateError):
            return None

    async def destroy(self, call_id: str, at: datetime) -> None:
        """Destroy a key for good: the call's PHI cannot be read again. See CallStore.destroy_key."""
        await self._calls.destroy_key(call_id, at)
        self._kept.pop(call_id, None)
