"""A call's workflow with the updates that a gateway sends and nothing behind them."""

import asyncio

from temporalio import workflow

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1 import call_workflow_pb2 as wf
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.workflows import names
from cordboard.workflows.failures import to_failure

ANSWER = "v=0"
REFUSED_VERTICAL = "refused"
NEVER = "NEVER"


@workflow.defn(name=names.CALL_WORKFLOW)
class ScriptedCall:
    """Keeps legs, and ends when told to. A call of the vertical `refused` refuses its start.

    An escalation with the reason `NEVER` is taken up and never done.
    """

    def __init__(self) -> None:
        self.legs: list[str] = []
        self.over = False
        self.changes = 0
        self.input = wf.CallInput()

    @workflow.run
    async def run(self, given: wf.CallInput) -> wf.CallResult:
        self.input = given
        await workflow.wait_condition(lambda: self.over)
        return wf.CallResult()

    @workflow.update(name=names.UPDATE_START_CALL)
    async def start_call(self, given: wf.StartCallInput) -> wf.StartCallAnswer:
        await workflow.wait_condition(lambda: bool(self.input.call_id))
        if self.input.vertical == REFUSED_VERTICAL:
            self.over = True
            raise to_failure(InvalidError("BAD_SDP", "no common codec"))
        self.changes += 1
        if not given.sdp_offer:
            return wf.StartCallAnswer()
        self.legs.append("leg-1")
        return wf.StartCallAnswer(leg_id="leg-1", sdp_answer=ANSWER)

    @workflow.update(name=names.UPDATE_ESCALATE, unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def escalate(self, given: wf.EscalateInput) -> pb.EscalateCallResponse:
        await workflow.wait_condition(lambda: given.request.reason != NEVER)
        self.changes += 1
        return pb.EscalateCallResponse(args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_HOLD)
    async def hold(self, given: wf.HoldInput) -> pb.HoldLegResponse:
        self._require_leg(given.request.leg_id)
        self.changes += 1
        return pb.HoldLegResponse(args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_REMOVE_LEG)
    async def remove_leg(self, given: wf.RemoveLegInput) -> pb.RemoveLegResponse:
        self._require_leg(given.request.leg_id)
        self.legs.remove(given.request.leg_id)
        self.changes += 1
        return pb.RemoveLegResponse(args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_ADD_LEG)
    async def add_leg(self, given: wf.AddLegInput) -> pb.AddLegResponse:
        await asyncio.sleep(0)
        self.legs.append(f"leg-{len(self.legs) + 1}")
        self.changes += 1
        return pb.AddLegResponse(leg_id=self.legs[-1], sdp_answer=ANSWER, args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_END_CALL)
    async def end_call(self, given: wf.EndCallInput) -> pb.EndCallResponse:
        self.over = True
        self.changes += 1
        return pb.EndCallResponse(args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_TRANSFER)
    async def transfer(self, given: wf.TransferInput) -> pb.TransferCallResponse:
        self.changes += 1
        return pb.TransferCallResponse(args_digest=given.args_digest)

    @workflow.update(name=names.UPDATE_STEP_TRANSFER)
    async def step_transfer(self, given: wf.StepTransferInput) -> pb.StepTransferResponse:
        self.changes += 1
        return pb.StepTransferResponse(args_digest=given.args_digest)

    @workflow.query(name="changes")
    def count(self) -> int:
        return self.changes

    def _require_leg(self, leg_id: str) -> None:
        if leg_id not in self.legs:
            raise to_failure(NotFoundError("LEG_NOT_FOUND", "the call has no such leg"))
