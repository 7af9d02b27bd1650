"""Keys of calls for a worker's payloads: a ledger that is away for a moment is waited for.

What cannot be sealed cannot be told either: without its key an activity could not even say why it failed, and a call
that began in that moment would be refused for no reason.
"""

import asyncio
from collections.abc import Awaitable, Callable

from cordboard.core.errors import UnavailableError
from cordboard.workflows.payload_codec import KeySource

PATIENCE = 4.0
PAUSE = 0.1


class PatientKeys:
    """Asks another source again for a while."""

    def __init__(
        self,
        keys: KeySource,
        *,
        patience: float = PATIENCE,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask `keys` until it answers, for `patience` seconds of pauses at most."""
        self._keys = keys
        self._tries = round(patience / PAUSE)
        self._pause = pause

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for one purpose. Raises CordboardError."""
        for _ in range(self._tries):
            try:
                return await self._keys.subkey(call_id, purpose)
            except UnavailableError:
                await self._pause(PAUSE)
        return await self._keys.subkey(call_id, purpose)
