"""Subkeys of calls, asked from the ledger's key service and kept for a while, or until the call is erased."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import grpc

from cordboard.ledger.v1.key_service_pb2 import UnwrapRequest, WatchErasuresRequest
from cordboard.ledger.v1.key_service_pb2_grpc import KeyServiceStub
from cordboard.runtime.grpc_channel import translate_errors

# Bounds for how long a destroyed key can still be used by a process that had it and is cut off from the ledger.
KEEP_SECONDS = 600.0
KEEP_KEYS = 4096
LISTEN_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Kept:
    subkey: bytes
    until: float


class KeyClient:
    """Gives subkeys of calls' data keys; they live in memory only, for at most ten minutes.

    While `listening` it forgets those of a call as soon as the call is erased.
    """

    def __init__(
        self, channel: grpc.aio.Channel, *, deadline: float = 5.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Make a client on a channel to the ledger; `deadline` in seconds bounds each request."""
        self._stub = KeyServiceStub(channel)
        self._deadline = deadline
        self._monotonic = monotonic
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._erased: OrderedDict[str, None] = OrderedDict()
        self.hears = asyncio.Event()
        """Set while the ledger tells of erasures."""
        self._told: list[Callable[[str], None]] = []

    def on_erasure(self, forget: Callable[[str], None]) -> None:
        """Have somebody told of erased calls who keeps what was made of a subkey."""
        self._told.append(forget)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear of erasures for as long as the block lasts, and whenever the ledger can be reached."""
        listening = asyncio.create_task(self._listen(), name="erasures")
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

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
        if call_id in self._erased:
            # It was on its way when the call was erased.
            return
        now = self._monotonic()
        self._forget(now)
        self._kept[call_id, purpose] = _Kept(subkey, now + KEEP_SECONDS)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                first = True
                async for told in self._stub.WatchErasures(WatchErasuresRequest()):
                    if first:
                        # An erasure may have been missed before; what is still needed is asked for again.
                        self._kept.clear()
                        first = False
                        self.hears.set()
                    for call_id in told.call_ids:
                        self._hear_of(call_id)
            self.hears.clear()
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    def _hear_of(self, call_id: str) -> None:
        self._erased[call_id] = None
        while len(self._erased) > KEEP_KEYS:
            self._erased.popitem(last=False)
        for key in [key for key in self._kept if key[0] == call_id]:
            del self._kept[key]
        for forget in self._told:
            forget(call_id)

    def _forget(self, now: float) -> None:
        if len(self._kept) >= KEEP_KEYS:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.until > now}
        while len(self._kept) >= KEEP_KEYS:
            self._kept.pop(next(iter(self._kept)))
