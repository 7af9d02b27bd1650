"""The call store in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cordboard.audit_log.calls import OpenedRequest, StoredKey
from cordboard.audit_log.draft import Opening
from cordboard.audit_log.keyring import WrappedKey
from cordboard.core.errors import NotFoundError, WrongStateError


class MemoryCalls:
    """Reads the openings that a MemoryEventStore wrote."""

    def __init__(self, openings: dict[str, Opening]) -> None:
        """Share the openings with the event store of the same ledger."""
        self._openings = openings
        self._changed: dict[str, StoredKey] = {}

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became; see CallStore.request."""
        return self._find(lambda one: (one.tenant, one.request_id) == (tenant, request_id))

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a token paid for; see CallStore.token."""
        return self._find(lambda one: one.token_id == token_id)

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key; see CallStore.key."""
        opening = self._openings.get(call_id)
        if opening is None:
            return None
        original = StoredKey(opening.tenant, WrappedKey(opening.kek_id, opening.wrapped_key))
        return self._changed.get(call_id, original)

    async def set_legal_hold(self, call_id: str, held: bool) -> None:
        """Forbid or allow destruction; see CallStore.set_legal_hold."""
        self._changed[call_id] = replace(await self._known(call_id), legal_hold=held)

    async def destroy_key(self, call_id: str, at: datetime) -> None:
        """Destroy the key; see CallStore.destroy_key."""
        key = await self._known(call_id)
        if key.legal_hold:
            raise WrongStateError("LEGAL_HOLD", "the call is under a legal hold", call_id=call_id)
        self._changed[call_id] = replace(key, wrapped=None)

    async def _known(self, call_id: str) -> StoredKey:
        key = await self.key(call_id)
        if key is None:
            raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=call_id)
        return key

    def _find(self, wanted: Callable[[Opening], bool]) -> OpenedRequest | None:
        for one in self._openings.values():
            if wanted(one):
                return OpenedRequest(one.call_id, one.tenant, one.request_id, one.args_digest)
        return None
