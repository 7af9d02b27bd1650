"""A build that was changed carelessly."""

from temporalio import workflow

from cordboard.call.v1.call_workflow_pb2 import CallInput, CallResult
from cordboard.workflows import names
from cordboard.workflows.call_workflow import CallWorkflow


@workflow.defn(name=names.CALL_WORKFLOW)
class ChangedCallWorkflow(CallWorkflow):
    """Waits a second before it does what it did."""

    @workflow.init
    def __init__(self, call: CallInput) -> None:
        super().__init__(call)

    @workflow.run
    async def run(self, call: CallInput) -> CallResult:
        """Wait, then carry the call."""
        await workflow.sleep(1)
        return await super().run(call)
