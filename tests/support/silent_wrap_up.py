"""A wrap-up that makes nothing, for tests of calls."""

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput, WrapUpOutput
from cordboard.workflows import names
from cordboard.workflows.sandbox import workflow_runner


@workflow.defn(name=names.WRAP_UP_WORKFLOW)
class SilentWrapUp:
    """Is over at once."""

    @workflow.run
    async def run(self, call: WrapUpInput) -> WrapUpOutput:
        """Make nothing."""
        return WrapUpOutput()


def silent_wrap_up(client: Client) -> Worker:
    """Make a worker for it: the server that skips time skips none while a workflow waits for a worker."""
    return Worker(client, task_queue=names.WRAP_UP_QUEUE, workflows=[SilentWrapUp], workflow_runner=workflow_runner())
