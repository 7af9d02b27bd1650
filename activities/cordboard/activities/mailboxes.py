"""Facts on their way to their calls: batched per call, in order, never lost, and how far they have come."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from opentelemetry import metrics

from cordboard.activities.call_signals import CallSignals
from cordboard.call.v1.call_workflow_pb2 import FactBatch
from cordboard.core.errors import CordboardError
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.buckets import SECONDS
from cordboard.runtime.log_context import bind
from cordboard.runtime.recovery import CURSOR, recovered
from cordboard.runtime.wall_clock import utc_now

_log = logging.getLogger(__name__)
_DELAY = metrics.get_meter("cordboard.worker").create_histogram(
    "cordboard.fact.delay",
    "s",
    "the oldest fact of a signal stood on the log to the call had it",
    explicit_bucket_boundaries_advisory=SECONDS,
)

LINGER = 2.0
"""Seconds that a fact may wait for others unless it is urgent: at most one such signal per call and two seconds."""

MAX_BATCH = 50
MAX_WAITING = 10_000
FIRST_BACK_OFF = 0.05
LAST_BACK_OFF = 1.0
MAX_FOREIGN_FAILURES = 60


@dataclass(slots=True)
class _Mailbox:
    waiting: deque[Envelope] = field(default_factory=deque)
    urgent: asyncio.Event = field(default_factory=asyncio.Event)
    sender: asyncio.Task[None] | None = None


class Mailboxes:
    """One mailbox and one sender per call with facts under way; an idle call costs nothing."""

    def __init__(
        self, signals: CallSignals, *, linger: float = LINGER, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._signals = signals
        self._linger = linger
        self._clock = clock
        self._taken_over_at: datetime | None = None
        self._boxes: dict[str, _Mailbox] = {}
        self._seen = 0
        self._waiting = 0
        self._room = asyncio.Event()
        self._room.set()

    async def post(self, envelopes: Iterable[tuple[Envelope, bool]], position: int) -> None:
        """Take facts, each with whether it is urgent; waits while too many are under way.

        Everything up to `position` counts as seen.
        """
        await self._room.wait()
        for envelope, urgent in envelopes:
            call_id = envelope.event.stream.id
            box = self._boxes.setdefault(call_id, _Mailbox())
            box.waiting.append(envelope)
            self._waiting += 1
            if urgent:
                box.urgent.set()
            if box.sender is None:
                box.sender = asyncio.create_task(self._send_all(call_id, box))
        self._seen = max(self._seen, position)
        if self._waiting >= MAX_WAITING:
            self._room.clear()

    def waited_for_since(self, taken_over_at: datetime) -> None:
        """Measure by the next fact how long facts have waited, if it is from before this reader took over."""
        self._taken_over_at = taken_over_at

    def done_up_to(self) -> int:
        """Give the position up to which every fact has reached its call."""
        oldest = [box.waiting[0].position for box in self._boxes.values() if box.waiting]
        return min(oldest) - 1 if oldest else self._seen

    async def close(self) -> None:
        """Stop sending; what has not reached its call is the next reader's."""
        senders = [box.sender for box in self._boxes.values() if box.sender is not None]
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        self._boxes.clear()

    async def _send_all(self, call_id: str, box: _Mailbox) -> None:
        bind(call_id=call_id)
        while box.waiting:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(box.urgent.wait(), self._linger)
            box.urgent.clear()
            while box.waiting:
                batch = [box.waiting[index] for index in range(min(MAX_BATCH, len(box.waiting)))]
                await self._send(call_id, batch)
                for _ in batch:
                    box.waiting.popleft()
                self._waiting -= len(batch)
                if self._waiting < MAX_WAITING:
                    self._room.set()
        del self._boxes[call_id]

    async def _send(self, call_id: str, batch: list[Envelope]) -> None:
        back_off, attempt = FIRST_BACK_OFF, 1
        while True:
            try:
                await self._signals.take_facts(call_id, FactBatch(facts=batch))
            except CordboardError as error:
                if not error.retryable:
                    # Such as a call whose key was destroyed: it must not hold up all the others.
                    _log.error("facts were dropped", extra={"call_id": call_id, "reason": error.reason})
                    return
            except Exception:  # noqa: BLE001  # one call's trouble that nobody foresaw must not stop the facts of all the others
                _log.exception("facts could not be handed over", extra={"call_id": call_id, "attempt": attempt})
                if attempt >= MAX_FOREIGN_FAILURES:
                    return
                attempt += 1
            else:
                self._measure(batch[0])
                return
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, LAST_BACK_OFF)

    def _measure(self, oldest: Envelope) -> None:
        recorded_at = oldest.recorded_at.ToDatetime(UTC)
        waited = (self._clock() - recorded_at).total_seconds()
        _DELAY.record(max(0.0, waited))
        taken_over_at, self._taken_over_at = self._taken_over_at, None
        if taken_over_at is not None and recorded_at < taken_over_at:
            recovered(CURSOR, waited)
