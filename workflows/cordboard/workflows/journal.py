"""The workflow's way to the log: decisions are on it before their effects happen, and what is on it holds.

Decisions are appended by a regular activity, not a local one. Its argument is in Temporal's history before anything is
on the log, so a worker that dies in between leaves no decision that the next worker would make otherwise; and replays
of local activities are not exact when a query comes while one runs (seen with temporalio 1.35.0).

The activity tells what stands on the log, and the state is made from that. It differs from what was decided here only
when the admission, which is a local activity, was cut off; then what was asked for is decided again on top of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import RetryPolicy

from cordboard.activity.v1.call_activities_pb2 import AppendResult
from cordboard.call.v1.commands_pb2 import SendMediaCommand, SetTimer
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested, TimerSet
from cordboard.core.call_state import CallState
from cordboard.core.errors import CordboardError
from cordboard.core.event_message import unpack_any
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.media.v1.command_pb2 import Command
from cordboard.workflows import activity_stubs
from cordboard.workflows.call_log import log
from cordboard.workflows.decision_book import ENGINE, Decision, DecisionBook


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for since the log was last level with the book."""

    messages: tuple[Message, ...]
    actor: str
    cause: EventRef | None
    last: int
    """Number of the last decision that it led to, or that stood before it when it led to none."""


class Journal:
    """Decides, keeps what is not on the log yet, and puts it there."""

    def __init__(self, call_id: str) -> None:
        self._book = DecisionBook(call_id)
        self._level = self._book.page
        self._pending: list[Decision] = []
        self._requests: list[_Request] = []
        self._ahead: set[int] = set()

    @property
    def state(self) -> CallState:
        """The call's state after every decision so far; an empty one before the first."""
        return self._book.state or CallState()

    @property
    def on_record(self) -> CallState:
        """The call's state after every decision that is on the log: what a fold of the log gives."""
        return self._level.state or CallState()

    def decide(self, *messages: Message, actor: str = ENGINE, cause: EventRef | None = None) -> None:
        """Decide on messages as one step; the events wait for `commit`. Raises CordboardError, changing nothing."""
        self._pending += self._book.decide(*messages, at_us=now_us(), actor=actor, cause=cause)
        self._requests.append(_Request(messages, actor, cause, self._book.page.source_seq))

    def check(self, *messages: Message) -> None:
        """Raise what `decide` would raise, and change nothing."""
        self._book.check(*messages)

    def adopt(self, decisions: Sequence[NewEvent]) -> None:
        """Take over decisions that are on the log and carried out already."""
        self._book.adopt(decisions)
        self._level = self._book.page

    async def commit(self, is_pressing: Callable[[], bool], press_on: Callable[[], None]) -> list[Message]:
        """Put everything decided on the log and give the events whose effects are due, in order.

        While the ledger is away this waits, for hours if need be; `press_on` is called whenever `is_pressing`, to
        let through what may not wait. Raises ActivityError when the ledger refuses for good.
        """
        due: list[Message] = []
        while self._pending:
            batch = list(self._pending)
            request = AppendRequest(events=[decision.numbered for decision in batch])
            result = await _append(request, is_pressing, press_on)
            due += self._level_with(batch, result.decisions)
        self._requests.clear()
        self._ahead.clear()
        return due

    def take_ahead(self, kind: type[Message]) -> list[Message]:
        """Take the events of one kind that wait for the log, in order: their effects cannot wait for it."""
        taken = [
            decision
            for decision in self._pending
            if isinstance(decision.event, kind) and decision.numbered.source_seq not in self._ahead
        ]
        self._ahead.update(decision.numbered.source_seq for decision in taken)
        return [decision.event for decision in taken]

    def _level_with(self, batch: Sequence[Decision], logged: Sequence[NewEvent]) -> list[Message]:
        """Make the state from what the log has, and give the events whose effects are due."""
        later = self._pending[len(batch) :]
        self._book.page = self._level
        events = self._book.adopt(logged)
        self._level = self._book.page
        if len(batch) == len(logged) and all(map(_is_same, batch, logged)):
            self._pending = self._book.rewrite(later)
            self._requests = [request for request in self._requests if request.last > self._level.source_seq]
        else:
            self._decide_again(events)
        return [event for event, decision in zip(events, logged, strict=True) if decision.source_seq not in self._ahead]

    def _decide_again(self, logged: Sequence[Message]) -> None:
        requests, self._requests, self._pending = self._requests, [], []
        for request in requests:
            messages = [message for message in request.messages if not _is_done(message, logged)]
            try:
                self.decide(*messages, actor=request.actor, cause=request.cause)
            except CordboardError as error:
                log.info("a request came too late", extra={"reason": error.reason})


async def _append(batch: AppendRequest, is_pressing: Callable[[], bool], press_on: Callable[[], None]) -> AppendResult:
    waiting = workflow.start_activity(
        activity_stubs.append,
        batch,
        # So long nobody knows that the worker which was to do it has died. A repeat is fine: the log tells repeats.
        start_to_close_timeout=timedelta(seconds=2),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=100),
            backoff_coefficient=1.5,
            maximum_interval=timedelta(seconds=1),
        ),
    )
    while not waiting.done():
        await workflow.wait_condition(lambda: waiting.done() or is_pressing())
        if is_pressing():
            press_on()
    return await waiting


def _is_same(decision: Decision, logged: NewEvent) -> bool:
    """Tell whether the log has this very decision, whatever the clock showed when it was made."""
    if decision.numbered.event == logged.event:
        return True
    timer = unpack_any(logged.event)
    return (
        isinstance(decision.event, TimerSet)
        and isinstance(timer, TimerSet)
        and decision.event.timer_id == timer.timer_id
    )


def _is_done(message: Message, logged: Sequence[Message]) -> bool:
    """Tell whether decisions on the log hold what this message asks for and deciding it again would double."""
    if isinstance(message, SendMediaCommand):
        asked = _unnumbered(message.command)
        return any(isinstance(event, MediaCommandRequested) and _unnumbered(event.command) == asked for event in logged)
    if isinstance(message, SetTimer):
        return any(isinstance(event, TimerSet) and event.timer_id == message.timer_id for event in logged)
    return False


def _unnumbered(command: Command) -> Command:
    plain = Command()
    plain.CopyFrom(command)
    plain.ClearField("call_id")
    plain.ClearField("placement_epoch")
    plain.ClearField("command_seq")
    if plain.HasField("add_leg"):
        # Filled in when it is decided.
        plain.add_leg.ClearField("role")
    return plain


def now_us() -> int:
    """The workflow's time in whole microseconds since the Unix epoch."""
    now = workflow.now()
    return int(now.timestamp()) * 1_000_000 + now.microsecond
