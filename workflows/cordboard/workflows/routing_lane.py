"""A call's requests to routing: one after the other, in the order in which the call made them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from temporalio.common import RetryPolicy

from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.failures import NOT_REGISTERED

_OPTIONS: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=3),
    # No call waits longer for routing when it ends; what is not told then, routing reads from the log.
    "schedule_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=100),
        maximum_interval=timedelta(seconds=1),
        non_retryable_error_types=[NOT_REGISTERED],
    ),
}

Ending = Callable[[BaseException | None], None]
"""What follows a request, in a step of its own; it is given the failure, or None."""


@dataclass(frozen=True, slots=True)
class _Request:
    activity: Any
    argument: Message
    then: Ending


class RoutingLane:
    """Sends requests. The second waits for the end of the first, so that routing sees what the call saw."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._queue: deque[_Request] = deque()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether no request is waiting or under way."""
        return not self._busy and not self._queue

    def send(self, activity: Any, argument: Message, then: Ending | None = None) -> None:
        """Send a request once those before it are through."""
        self._queue.append(_Request(activity, argument, then or _whatever))
        self._pump()

    def _pump(self) -> None:
        if self._busy or not self._queue:
            return
        request = self._queue.popleft()
        self._busy = True

        def finished(handle: Any) -> None:
            self._busy = False
            request.then(handle.exception())
            self._pump()

        self._loop.start(request.activity, request.argument, finished, **_OPTIONS)


def _whatever(_: BaseException | None) -> None:
    """Routing finds out by itself: its reservations run out, and it reads the ends of calls from the log."""
