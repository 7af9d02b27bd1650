"""How a call that is over begins its wrap-up, without waiting for it."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1.call_workflow_pb2 import CallInput
from cordboard.workflows import activity_stubs
from cordboard.workflows.call_log import log

PATCH: Final = "wrap-up"
"""Calls that began with a build without wrap-up end without one."""

PATIENCE: Final = timedelta(hours=1)


async def start_wrap_up(call: CallInput) -> None:
    """Have the wrap-up of a call started as a workflow of its own.

    The call is over and on record by now. Processes that wrap up may be away: their workflow waits for them. It is no
    child, for the call's history is exported once the call's workflow is closed.
    """
    if not workflow.patched(PATCH):
        return
    try:
        await workflow.execute_activity(
            activity_stubs.start_wrap_up,
            WrapUpInput(call_id=call.call_id, tenant=call.tenant),
            schedule_to_close_timeout=PATIENCE,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        )
    except ActivityError:
        log.exception("the call's wrap-up could not be started")
