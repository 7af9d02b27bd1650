"""Starting the wrap-up of calls that are over."""

from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.core.errors import UnavailableError
from cordboard.workflows import names

FUSE: Final = timedelta(hours=30)
"""Ends a wrap-up that nothing else ends; well after the time that it gives itself."""


class WrapUpStarter:
    """Starts the workflow that wraps a call up, on the queue of the processes that do so."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def start_wrap_up(self, call: WrapUpInput) -> None:
        """Start it, whether or not such a process is there; see the stub."""
        try:
            await self._client.start_workflow(
                names.WRAP_UP_WORKFLOW,
                call,
                id=names.wrap_up_id(call.call_id),
                task_queue=names.WRAP_UP_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                execution_timeout=FUSE,
            )
        except WorkflowAlreadyStartedError:
            activity.logger.info("the call has a wrap-up already")
        except RPCError as error:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error
