"""What all verbs of a call's script share: they ask the loop, wait, and end with the call."""

from collections.abc import Callable

from google.protobuf.message import Message
from temporalio import workflow

from cordboard.call.v1.commands_pb2 import CancelTimer
from cordboard.core import phases
from cordboard.core.call_state import CallState
from cordboard.core.errors import WrongStateError
from cordboard.workflows.call_loop import CallLoop


class CallOver(Exception):  # noqa: N818  # it is no error: it ends a script whose call has ended
    """Raised by a verb when the call ended under it; a script lets it pass."""


class DurableVerbs:
    """Verbs that are durable, idempotent, and safe against a hang-up at any point."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop

    @property
    def state(self) -> CallState:
        """The call's state on record: a script acts on nothing that is not on the log."""
        return self._loop.journal.on_record

    async def _ask(self, *messages: Message) -> None:
        self._check()
        try:
            await self._loop.ask(*messages)
        except WrongStateError:
            # The call may have ended between the script's decision and the loop's.
            self._check()
            raise

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a bounded activity brings about, or that a timer of the call bounds."""
        await workflow.wait_condition(lambda: condition() or self._is_over())
        self._check()

    async def _wait(self, condition: Callable[[], bool], timer_id: str) -> bool:
        """Wait for what somebody else brings about, under a timer that was set; False when it fired first."""
        await workflow.wait_condition(lambda: condition() or self.state.timer(timer_id) is None or self._is_over())
        self._check()
        if self.state.timer(timer_id) is not None:
            self._loop.post(lambda: self._loop.decide(CancelTimer(timer_id=timer_id)))
        return condition()

    def _is_over(self) -> bool:
        # A hang-up does not wait for a ledger that is away.
        return self._loop.state.phase not in phases.OPEN

    def _check(self) -> None:
        if self._is_over():
            raise CallOver
