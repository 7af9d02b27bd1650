"""Tools: called once their intent is on the log, settled after."""

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult
from cordboard.call.v1.commands_pb2 import SettleToolCall
from cordboard.call.v1.decisions_pb2 import ToolCallIntended
from cordboard.core.call_state import FAILED, OK, UNKNOWN
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.failures import from_failure
from cordboard.workflows.limits import POLICY

TOOL_UNKNOWN = "TOOL_UNKNOWN"
NO_ANSWER_IN_TIME = "NO_ANSWER_IN_TIME"

_ATTEMPTS = 4
# What a worker says of an activity type that nobody registered.
_NOT_REGISTERED = "NotFoundError"


class ToolBench:
    """Runs tools as activities that are named after them, on the queue of the calls."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop

    def react(self, event: Message) -> None:
        """Call a tool that was intended."""
        if not isinstance(event, ToolCallIntended):
            return
        if not event.name.startswith(f"{self._loop.state.vertical}."):
            # The queue has other activities than tools; a voice agent's word starts none of them.
            unknown = SettleToolCall(tool_call_id=event.tool_call_id, outcome=FAILED, reason=TOOL_UNKNOWN)
            self._loop.post(lambda: self._loop.decide(unknown))
            return
        call = ToolCallInput(
            tool_call_id=event.tool_call_id,
            call_id=self._loop.call_id,
            tenant=self._loop.state.tenant,
            name=event.name,
            arguments=event.arguments,
        )
        self._loop.start(
            event.name,
            call,
            lambda handle: self._finished(call.tool_call_id, handle),
            result_type=ToolCallResult,
            start_to_close_timeout=timedelta(seconds=5),
            schedule_to_close_timeout=POLICY.tool,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=200),
                maximum_interval=timedelta(seconds=2),
                maximum_attempts=_ATTEMPTS,
                non_retryable_error_types=[_NOT_REGISTERED],
            ),
        )

    def _finished(self, tool_call_id: str, handle: Any) -> None:
        error = handle.exception()
        if error is None:
            result: ToolCallResult = handle.result()
            settled = SettleToolCall(
                tool_call_id=tool_call_id, outcome=OK, result=result.result, attempts=max(1, result.attempts)
            )
        else:
            outcome, reason = _judge(error)
            settled = SettleToolCall(
                tool_call_id=tool_call_id, outcome=outcome, reason=reason, attempts=_attempts(error)
            )
        self._loop.decide(settled)


def _attempts(error: BaseException) -> int:
    """Tell how often a tool was tried, as far as its last failure says so."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type != _NOT_REGISTERED:
        return int(from_failure(cause).fields.get("attempt", "1"))
    return 1


def _judge(error: BaseException) -> tuple[str, str]:
    """Tell a tool's refusal, which had no effect, from a failure after which the effect is not known."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError):
        if cause.type == _NOT_REGISTERED:
            return FAILED, TOOL_UNKNOWN
        if cause.non_retryable and cause.type:
            return FAILED, cause.type
        return UNKNOWN, cause.type or NO_ANSWER_IN_TIME
    return UNKNOWN, NO_ANSWER_IN_TIME
