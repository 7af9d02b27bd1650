"""The calls' keys, unwrapped when they are needed and kept in memory for a while."""

import contextlib
import os
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from cordboard.audit_log.keyring import KeyWrapper, WrappedKey
from cordboard.audit_log.sealing import KEY_BYTES, CallKey
from cordboard.audit_log.stored_keys import KeyStore, StoredKey
from cordboard.core.errors import InternalError, NotFoundError, WrongStateError

KEEP_KEYS = 10_000
# Another ledger process may have led meanwhile and erased a call.
RECHECK_SECONDS = 60.0


@dataclass(slots=True)
class _Kept:
    key: CallKey
    checked_at: float


class CallKeys:
    """Makes, finds and forgets data keys."""

    def __init__(
        self,
        stored: KeyStore,
        wrapper: KeyWrapper,
        randomness: Callable[[int], bytes] = os.urandom,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a key cabinet over stored keys."""
        self._stored = stored
        self._wrapper = wrapper
        self._randomness = randomness
        self._monotonic = monotonic
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._opening: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def create(self, tenant: str, call_id: str) -> AsyncIterator[tuple[CallKey, WrappedKey]]:
        """Make the key of a new call; the wrapped form is to be stored inside the block, with the call's opening."""
        data_key = self._randomness(KEY_BYTES)
        key = CallKey(data_key, self._randomness)
        wrapped = await self._wrapper.wrap(tenant, call_id, data_key)
        self._opening[wrapped.kek_id] += 1
        try:
            yield key, wrapped
            self._keep(call_id, key)
        finally:
            self._opening[wrapped.kek_id] -= 1

    def opening_under(self, kek_id: str) -> bool:
        """Tell whether a call that this version wraps is on its way to the store."""
        return self._opening[kek_id] > 0

    async def find(self, call_id: str) -> CallKey:
        """Give a call's key. Raises NotFoundError(STREAM_NOT_FOUND), WrongStateError(KEY_DESTROYED); see KeyWrapper."""
        kept = self._kept.get(call_id)
        now = self._monotonic()
        if kept is not None and now - kept.checked_at < RECHECK_SECONDS:
            self._kept.move_to_end(call_id)
            return kept.key
        stored = await self._stored.key(call_id)
        if stored is None:
            raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=call_id)
        if stored.wrapped is None:
            self.forget(call_id)
            raise _destroyed(call_id)
        if kept is not None:
            kept.checked_at = now
            return kept.key
        data_key = await self._unwrap(stored, stored.wrapped)
        if call_id in self._gone:
            # It was destroyed while it was being unwrapped.
            raise _destroyed(call_id)
        key = CallKey(data_key, self._randomness)
        self._keep(call_id, key)
        return key

    async def find_if_there(self, call_id: str) -> CallKey | None:
        """Give a call's key, or None when it was destroyed or the call is not known; see find."""
        try:
            return await self.find(call_id)
        except NotFoundError:
            return None
        except WrongStateError as error:
            if error.reason != "KEY_DESTROYED":
                raise
            return None

    async def destroyed(self, call_ids: Iterable[str]) -> frozenset[str]:
        """Tell which of the calls were erased."""
        unsure = {call_id for call_id in call_ids if call_id not in self._kept}
        return await self._stored.destroyed(unsure) if unsure else frozenset()

    def forget(self, call_id: str) -> None:
        """Forget a key that was destroyed: the call's PHI cannot be read again."""
        self._kept.pop(call_id, None)
        self._gone[call_id] = None
        while len(self._gone) > KEEP_KEYS:
            self._gone.popitem(last=False)

    async def _unwrap(self, stored: StoredKey, wrapped: WrappedKey) -> bytes:
        try:
            return await self._wrapper.unwrap(stored.tenant, stored.call_id, wrapped)
        except InternalError:
            # It may have been wrapped anew, and the old version retired, since it was read.
            again = await self._stored.key(stored.call_id)
            if again is None or again.wrapped is None or again.wrapped == wrapped:
                raise
            return await self._wrapper.unwrap(again.tenant, again.call_id, again.wrapped)

    def _keep(self, call_id: str, key: CallKey) -> None:
        self._kept[call_id] = _Kept(key, self._monotonic())
        while len(self._kept) > KEEP_KEYS:
            self._kept.popitem(last=False)


def _destroyed(call_id: str) -> WrongStateError:
    return WrongStateError("KEY_DESTROYED", "the call's key was destroyed", call_id=call_id)
