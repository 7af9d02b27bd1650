"""Subkeys of calls, asked from the ledger's key service and kept for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from cordboard.ledger.v1.key_service_pb2 import UnwrapRequest
from cordboard.ledger.v1.key_service_pb2_grpc import KeyServiceStub
from cordboard.runtime.grpc_channel import translate_errors

# Bounds for how long a destroyed key can still be used by a process that had it.
KEEP_SECONDS = 600.0
KEEP_KEYS = 4096


@dataclass(frozen=True, slots=True)
class _Kept:
    subkey: bytes
    until: float


class KeyClient:
    """Gives subkeys of calls' data keys; they live in memory only, for at most ten minutes."""

    def __init__(
        self, channel: grpc.aio.Channel, *, deadline: float = 5.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Make a client on a channel to the ledger; `deadline` in seconds bounds each request."""
        self._stub = KeyServiceStub(channel)
        self._deadline = deadline
        self._monotonic = monotonic
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for a purpose.

        Raises NotFoundError (STREAM_NOT_FOUND), WrongStateError (KEY_DESTROYED), ForbiddenError (PURPOSE_NOT_YOURS).
        """
        now = self._monotonic()
        kept = self._kept.get((call_id, purpose))
        if kept is not None and kept.until > now:
            return kept.subkey
        async with translate_errors():
            response = await self._stub.Unwrap(UnwrapRequest(call_id=call_id, purpose=purpose), timeout=self._deadline)
        self.keep(call_id, purpose, response.subkey)
        return response.subkey

    def keep(self, call_id: str, purpose: str, subkey: bytes) -> None:
        """Take a subkey that came by another way, such as with the answer that opened the call."""
        now = self._monotonic()
        self._forget(now)
        self._kept[call_id, purpose] = _Kept(subkey, now + KEEP_SECONDS)

    def _forget(self, now: float) -> None:
        if len(self._kept) >= KEEP_KEYS:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.until > now}
        while len(self._kept) >= KEEP_KEYS:
            self._kept.pop(next(iter(self._kept)))
