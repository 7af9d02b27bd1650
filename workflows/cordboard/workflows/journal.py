"""The workflow's way to the log: decisions are on it before their effects happen."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from cordboard.core.call_state import CallState
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.workflows import activity_stubs
from cordboard.workflows.decision_book import ENGINE, DecisionBook

# A local activity holds up every message to the call while it runs, so it is short and tried once.
AT_ONCE = timedelta(seconds=1)
MAX_BATCH = 100


class Journal:
    """Decides, keeps what is not on the log yet, and puts it there."""

    def __init__(self, call_id: str) -> None:
        self._book = DecisionBook(call_id)
        self._pending: deque[NewEvent] = deque()
        self._unlogged: deque[Message] = deque()

    @property
    def state(self) -> CallState:
        """The call's state after every decision so far; an empty one before the first."""
        return self._book.state or CallState()

    def decide(self, *messages: Message, actor: str = ENGINE, cause: EventRef | None = None) -> list[Message]:
        """Decide on messages as one step; the events wait for `commit`. Raises CordboardError, changing nothing."""
        events, numbered = self._book.decide(*messages, at_us=now_us(), actor=actor, cause=cause)
        self._pending.extend(numbered)
        self._unlogged.extend(events)
        return events

    def check(self, *messages: Message) -> None:
        """Raise what `decide` would raise, and change nothing."""
        self._book.check(*messages)

    def adopt(self, decisions: list[NewEvent]) -> list[Message]:
        """Take over decisions that are on the log and carried out already."""
        return self._book.adopt(decisions)

    async def commit(self, is_pressing: Callable[[], bool], press_on: Callable[[], None]) -> list[Message]:
        """Put everything decided on the log and give the events, in order.

        While the ledger is away this waits, for hours if need be; `press_on` is called whenever `is_pressing`, to
        let through what may not wait. Raises ActivityError when the ledger refuses for good.
        """
        while self._pending:
            batch = [self._pending[index] for index in range(min(MAX_BATCH, len(self._pending)))]
            await self._append(AppendRequest(events=batch), is_pressing, press_on)
            for _ in batch:
                self._pending.popleft()
        logged = list(self._unlogged)
        self._unlogged.clear()
        return logged

    def take_unlogged(self, kind: type[Message]) -> list[Message]:
        """Take the events of one kind out of what waits for the log: their effects cannot wait for it."""
        taken = [event for event in self._unlogged if isinstance(event, kind)]
        self._unlogged = deque(event for event in self._unlogged if not isinstance(event, kind))
        return taken

    async def _append(
        self, batch: AppendRequest, is_pressing: Callable[[], bool], press_on: Callable[[], None]
    ) -> None:
        try:
            await workflow.execute_local_activity(
                activity_stubs.append,
                batch,
                schedule_to_close_timeout=AT_ONCE,
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except (ActivityError, ApplicationError):  # a local activity's own failure comes unwrapped
            waiting = workflow.start_activity(
                activity_stubs.append,
                batch,
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=200),
                    backoff_coefficient=1.5,
                    maximum_interval=timedelta(seconds=1),
                ),
            )
            while not waiting.done():
                await workflow.wait_condition(lambda: waiting.done() or is_pressing())
                if is_pressing():
                    press_on()
            await waiting


def now_us() -> int:
    """The workflow's time in whole microseconds since the Unix epoch."""
    now = workflow.now()
    return int(now.timestamp()) * 1_000_000 + now.microsecond
