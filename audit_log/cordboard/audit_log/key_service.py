"""KeyService over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from cordboard.audit_log import access
from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.event_store import EventStore, LogFilter
from cordboard.ledger.v1.facts_pb2 import CallErased
from cordboard.ledger.v1.key_service_pb2 import (
    UnwrapRequest,
    UnwrapResponse,
    WatchErasuresRequest,
    WatchErasuresResponse,
)
from cordboard.ledger.v1.key_service_pb2_grpc import KeyServiceServicer
from cordboard.runtime.grpc_server import current_service

ERASURES: Final = LogFilter(types=frozenset({CallErased.DESCRIPTOR.full_name}))
GATHER_SECONDS: Final = 0.2
_ROWS: Final = 256


class KeyService(KeyServiceServicer):
    """Gives components the subkeys that are theirs."""

    def __init__(self, keys: CallKeys, store: EventStore) -> None:
        """Make a service over the calls' keys, and the log that tells of their end."""
        self._keys = keys
        self._store = store

    async def Unwrap(self, request: UnwrapRequest, context: Any) -> UnwrapResponse:
        """Give the subkey of a call for a purpose."""
        access.check_purpose(current_service(), request.purpose)
        key = await self._keys.find(request.call_id)
        return UnwrapResponse(subkey=key.subkey(request.purpose))

    async def WatchErasures(self, request: WatchErasuresRequest, context: Any) -> AsyncIterator[WatchErasuresResponse]:
        """Tell of erasures from now on."""
        position = await self._store.wait_beyond(-1)
        yield WatchErasuresResponse()
        while True:
            await self._store.wait_beyond(position)
            # Whoever listens is not woken for every event that others write.
            await asyncio.sleep(GATHER_SECONDS)
            rows, position = await self._store.follow(position, _ROWS, ERASURES)
            if rows:
                yield WatchErasuresResponse(call_ids=[row.stream_id for row in rows])
