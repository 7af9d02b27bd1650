"""Brings events to the ledger until each is on the log or refused for good."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    WrongStateError,
)
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client.ledger import Ledger
from cordboard.runtime.recovery import LEDGER, Outage

FIRST_BACK_OFF = 0.05
LAST_BACK_OFF = 1.0
KEEP_CLOSED = 4096

# Repeating these is useless; anything else (the ledger away, a token out of date, a bug there) may pass.
FINAL = (InvalidError, ForbiddenError, NotFoundError, ConflictError, WrongStateError)

# What the ledger's database minds about one event, it minds each time.
REFUSED = "LEDGER_REFUSED"

Outcome = int | CordboardError

_log = logging.getLogger(__name__)


class Shipper:
    """Ships batches in order; an event that the ledger refuses closes its stream for that source.

    Whatever followed the refused event would leave a gap in the producer's numbers, so it is refused too.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Make a shipper for a ledger."""
        self._ledger = ledger
        self._closed: OrderedDict[tuple[str, str, str], CordboardError] = OrderedDict()
        self.away = False
        self._outage = Outage(LEDGER)

    async def ship(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Give for each event its seq or why it was refused. Waits as long as the ledger is away."""
        back_off = FIRST_BACK_OFF
        while True:
            try:
                outcomes = await self._attempt(events)
            except CordboardError as error:
                if not self.away:
                    _log.warning("the ledger takes no events", extra={"reason": error.reason})
                self.away = True
                self._outage.failed()
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, LAST_BACK_OFF)
            else:
                self.away = False
                self._outage.works()
                return outcomes

    async def _attempt(self, events: Sequence[NewEvent]) -> list[Outcome]:
        if not any(_lane(event) in self._closed for event in events):
            try:
                return list(await self._ledger.append(events))
            except CordboardError as error:
                if not _is_final(error):
                    raise
                if len(events) == 1:
                    return [self._refuse(events[0], error)]
        return await self._one_by_one(events)

    async def _one_by_one(self, events: Sequence[NewEvent]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for event in events:
            reason = self._closed.get(_lane(event))
            if reason is not None:
                outcomes.append(reason)
                continue
            try:
                outcomes += await self._ledger.append([event])
            except CordboardError as error:
                if not _is_final(error):
                    raise
                outcomes.append(self._refuse(event, error))
        return outcomes

    def _refuse(self, event: NewEvent, error: CordboardError) -> CordboardError:
        self._closed[_lane(event)] = error
        if len(self._closed) > KEEP_CLOSED:
            # The ledger refuses the rest of a forgotten one by itself: it leaves a gap.
            self._closed.popitem(last=False)
        _log.error(
            "the ledger refused an event; its stream takes no more from this source",
            extra={
                "reason": error.reason,
                "stream_kind": event.stream.kind,
                "stream_id": event.stream.id,
                "source": event.source,
                "source_seq": event.source_seq,
                "event_type": event.event.TypeName(),
            },
        )
        return error


def _lane(event: NewEvent) -> tuple[str, str, str]:
    return event.source, event.stream.kind, event.stream.id


def _is_final(error: CordboardError) -> bool:
    return isinstance(error, FINAL) or error.reason == REFUSED
