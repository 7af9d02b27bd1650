"""Requests that hand the caller on from one human agent to another."""

from cordboard.call.v1.call_workflow_pb2 import StepTransferInput, TransferInput
from cordboard.call.v1.commands_pb2 import SetTimer
from cordboard.call.v1.transfer_pb2 import HandBack, StartTransfer, StepTransfer
from cordboard.core.errors import CordboardError
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.failures import to_failure
from cordboard.workflows.limits import TRANSFER
from cordboard.workflows.timer_wheel import PATIENCE, set_timer


class TransferSteering:
    """What the call's updates about transfers do. A `check` raises what the asker is told, and changes nothing."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop

    def check(self, wanted: TransferInput | StepTransferInput) -> None:
        """Refuse what the call's state does not allow."""
        try:
            self._loop.journal.check(_message(wanted))
        except CordboardError as error:
            raise to_failure(error) from error

    async def transfer(self, wanted: TransferInput) -> None:
        """Look for another agent, for as long as the one who asks can be kept waiting."""
        await self._ask(wanted, *([] if wanted.request.to_ai_agent else [set_timer(PATIENCE, TRANSFER)]))

    async def step(self, wanted: StepTransferInput) -> None:
        """Complete the transfer, let all three talk, or give the other agent up."""
        await self._ask(wanted)

    async def _ask(self, wanted: TransferInput | StepTransferInput, *also: SetTimer) -> None:
        try:
            await self._loop.ask(_message(wanted), *also, actor=wanted.actor)
        except CordboardError as error:
            raise to_failure(error) from error


def _message(wanted: TransferInput | StepTransferInput) -> HandBack | StartTransfer | StepTransfer:
    if isinstance(wanted, StepTransferInput):
        return StepTransfer(step=wanted.request.step)
    request = wanted.request
    if request.to_ai_agent:
        return HandBack()
    return StartTransfer(
        queue=request.queue,
        skills=request.skills,
        priority=request.priority,
        agent_id=request.agent_id,
        consult=request.consult,
        hand_over=request.hand_over,
    )
