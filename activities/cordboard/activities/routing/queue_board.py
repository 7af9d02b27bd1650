"""Where each waiting call stands in its queue, told to the calls now and then."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cordboard.activities.routing.queue_entry import QueueEntry
from cordboard.activities.routing.routing_signals import RoutingSignals
from cordboard.activities.routing.waiting_line import to_waiting_call
from cordboard.call.v1.call_workflow_pb2 import QueuePlace
from cordboard.core.errors import UnavailableError
from cordboard.core.matching import WaitingCall, in_turn

_log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


class QueueBoard:
    """Tells a call its place when it has changed, at most once in five seconds; calls come and go unnoticed between."""

    def __init__(self, signals: RoutingSignals, *, every: float = EVERY_SECONDS) -> None:
        self._signals = signals
        self._every = every
        self._places: Mapping[str, int] = {}
        self._told: dict[str, int] = {}

    def show(self, waiting: Sequence[QueueEntry]) -> None:
        """Take up the queues as they are."""
        self._places = places(waiting)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.tell()

    async def tell(self) -> None:
        """Tell each call whose place has changed; one that cannot be told now hears it the next time."""
        current = dict(self._places)
        self._told = {call_id: place for call_id, place in self._told.items() if call_id in current}
        moved = [(call_id, place) for call_id, place in current.items() if self._told.get(call_id) != place]
        await asyncio.gather(*(self._tell(call_id, place) for call_id, place in moved))

    async def _tell(self, call_id: str, place: int) -> None:
        try:
            await self._signals.send(call_id, QueuePlace(position=place))
        except UnavailableError as error:
            _log.info("a call was not told its place", extra={"call_id": call_id, "reason": error.reason})
        else:
            self._told[call_id] = place


def places(waiting: Sequence[QueueEntry]) -> dict[str, int]:
    """Give each call's place in its queue, from 1."""
    queues: dict[tuple[str, str], list[WaitingCall]] = defaultdict(list)
    for entry in waiting:
        queues[entry.wait.tenant, entry.wait.queue].append(to_waiting_call(entry))
    return {call.call_id: place for calls in queues.values() for place, call in enumerate(in_turn(calls), start=1)}
