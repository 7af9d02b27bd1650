"""Whether anybody works on a task queue."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from cordboard.core.errors import UnavailableError
from cordboard.runtime.wall_clock import utc_now

FRESH = timedelta(seconds=90)
"""A worker asks anew at least once a minute."""
_DEADLINE = timedelta(seconds=2)


class TaskQueues(Protocol):
    """Knows task queues. One implementation asks Temporal, the other is told."""

    async def is_served(self, queue: str) -> bool:
        """Tell whether a worker polls the queue for workflows. Raises UnavailableError(TEMPORAL_AWAY)."""
        ...


class MemoryTaskQueues:
    """Task queues that are served because somebody says so."""

    def __init__(self, *served: str) -> None:
        self.served = set(served)

    async def is_served(self, queue: str) -> bool:
        """See TaskQueues.is_served."""
        return queue in self.served


class TemporalTaskQueues:
    """Task queues as Temporal describes them."""

    def __init__(self, client: Client, clock: Callable[[], datetime] = utc_now) -> None:
        self._client = client
        self._clock = clock

    async def is_served(self, queue: str) -> bool:
        """See TaskQueues.is_served."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            answer = await self._client.workflow_service.describe_task_queue(request, timeout=_DEADLINE)
        except (RPCError, RuntimeError) as error:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached; try again") from error
        oldest = self._clock() - FRESH
        return any(poller.last_access_time.ToDatetime(UTC) > oldest for poller in answer.pollers)
