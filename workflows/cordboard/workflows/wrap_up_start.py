"""How a call that is over begins its wrap-up, without waiting for it."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1.call_workflow_pb2 import CallInput
from cordboard.workflows import names

PATCH: Final = "wrap-up"
"""Calls that began with a build without wrap-up end without one."""

FUSE: Final = timedelta(hours=28)
"""Ends a wrap-up that nothing else ends; well after the time that it gives itself."""


async def start_wrap_up(call: CallInput) -> None:
    """Start the wrap-up of a call as a child that outlives it.

    The server alone has to be there for that. Processes that wrap up may be away: the child waits for them, and the
    call has ended by then.
    """
    if not workflow.patched(PATCH):
        return
    try:
        await workflow.start_child_workflow(
            names.WRAP_UP_WORKFLOW,
            WrapUpInput(call_id=call.call_id, tenant=call.tenant),
            id=names.wrap_up_id(call.call_id),
            task_queue=names.WRAP_UP_QUEUE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            execution_timeout=FUSE,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("the call has a wrap-up already")
