"""The call store in memory."""

from collections.abc import Callable

from cordboard.audit_log.calls import OpenedRequest
from cordboard.audit_log.draft import Opening


class MemoryCalls:
    """Reads the openings that a MemoryEventStore wrote."""

    def __init__(self, openings: dict[str, Opening]) -> None:
        """Share the openings with the event store of the same ledger."""
        self._openings = openings

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became; see CallStore.request."""
        return self._find(lambda one: (one.tenant, one.request_id) == (tenant, request_id))

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a token paid for; see CallStore.token."""
        return self._find(lambda one: one.token_id == token_id)

    def _find(self, wanted: Callable[[Opening], bool]) -> OpenedRequest | None:
        for one in self._openings.values():
            if wanted(one):
                return OpenedRequest(one.call_id, one.tenant, one.request_id, one.args_digest)
        return None
