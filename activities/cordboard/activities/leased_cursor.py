"""One reader of several: a cursor on the log, leased for as long as its holder is alive."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cordboard.core.errors import ConflictError, CordboardError, UnavailableError
from cordboard.runtime.ledger_client import CursorLease, Ledger

_log = logging.getLogger(__name__)

RETRY_EVERY = 0.5
RENEW_EVERY = 0.5


class LeasedCursor:
    """A named cursor that one process at a time holds. When the holder dies another goes on where it stands."""

    def __init__(self, ledger: Ledger, name: str, owner: str) -> None:
        """Make a cursor that this process leases as `owner` (`component/instance/boot_id`)."""
        self._ledger = ledger
        self._name = name
        self._owner = owner
        self.taken_over = False
        """True when another process had held the lease that this one has now."""

    async def follow(self, read: Callable[[CursorLease], Awaitable[None]], done_up_to: Callable[[], int]) -> None:
        """Wait for the lease, then read until it is lost or reading ends.

        The cursor follows `done_up_to`. What reading raises beside CordboardError comes out.
        """
        lease = await self._take()
        _log.info(
            "reading the log", extra={"cursor": self._name, "position": lease.position, "epoch": lease.lease_epoch}
        )
        keeping = asyncio.create_task(self._keep(lease, done_up_to))
        reading = asyncio.ensure_future(read(lease))
        try:
            await asyncio.wait({keeping, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (keeping, reading):
                task.cancel()
            outcomes = await asyncio.gather(keeping, reading, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, CordboardError):
                _log.warning("the lease is given up", extra={"cursor": self._name, "reason": outcome.reason})
            elif isinstance(outcome, Exception):
                raise outcome
        # Whoever begins anew at once could ask without end for what is refused each time.
        await asyncio.sleep(RETRY_EVERY)

    async def _take(self) -> CursorLease:
        self.taken_over = False
        while True:
            try:
                return await self._ledger.lease_cursor(self._name, self._owner)
            except ConflictError:
                self.taken_over = True
                await asyncio.sleep(RETRY_EVERY)
            except UnavailableError:
                await asyncio.sleep(RETRY_EVERY)

    async def _keep(self, lease: CursorLease, done_up_to: Callable[[], int]) -> None:
        """Renew the lease and move the cursor. Ends when the lease is no longer ours, or may be no longer."""
        loop = asyncio.get_running_loop()
        valid_until = loop.time() + lease.lease_seconds
        committed = lease.position
        while True:
            await asyncio.sleep(min(RENEW_EVERY, lease.lease_seconds / 3))
            asked_at = loop.time()
            try:
                renewed = await self._ledger.lease_cursor(self._name, self._owner)
                if renewed.lease_epoch != lease.lease_epoch:
                    return
                valid_until = asked_at + renewed.lease_seconds
                if done_up_to() > committed:
                    committed = done_up_to()
                    await self._ledger.commit_cursor(self._name, lease.lease_epoch, committed)
            except UnavailableError:
                if loop.time() > valid_until:
                    return
