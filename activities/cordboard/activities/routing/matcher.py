"""The loop that brings waiting calls and human agents together."""

import asyncio
import contextlib
import logging

from cordboard.activities.routing.courier import Courier
from cordboard.activities.routing.queue_board import QueueBoard
from cordboard.activities.routing.reservation import Reservation
from cordboard.activities.routing.routing_store import Lead, RoutingStore
from cordboard.activities.routing.waiting_line import matched
from cordboard.core.errors import UnavailableError
from cordboard.runtime.race import until_first

_log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds after which it looks by itself: only what is due by time is not told."""
RETRY_SECONDS = 0.5
TIDY_SECONDS = 600.0


class Matcher:
    """One runs in each worker, and one of all leads: it decides, and tells calls and the log. The others stand by."""

    def __init__(
        self, store: RoutingStore, courier: Courier, board: QueueBoard, *, look_every: float = LOOK_EVERY
    ) -> None:
        self._store = store
        self._courier = courier
        self._board = board
        self._look_every = look_every
        self.leads = False

    async def run(self) -> None:
        """Match until cancelled; the store's absence is waited out."""
        while True:
            try:
                async with self._store.lead() as lead:
                    _log.info("this worker leads routing")
                    self.leads = True
                    await self._serve(lead)
            except UnavailableError as error:
                _log.warning("routing waits", extra={"reason": error.reason})
            finally:
                self.leads = False
            await asyncio.sleep(RETRY_SECONDS)

    async def step(self, lead: Lead) -> list[Reservation]:
        """End what is due, then match what is there. Raises UnavailableError when the lead is lost."""
        await lead.expire()
        snapshot = await lead.snapshot()
        self._board.show(snapshot.waiting)
        wanted = matched(snapshot)
        return await lead.reserve(wanted) if wanted else []

    async def _serve(self, lead: Lead) -> None:
        await until_first(self._match(lead), self._courier.run(lead), self._board.run(), _tidy(lead))

    async def _match(self, lead: Lead) -> None:
        while True:
            changed = lead.changed()
            await self.step(lead)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), self._look_every)


async def _tidy(lead: Lead) -> None:
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        await lead.tidy()
