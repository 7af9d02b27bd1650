"""The Temporal worker that carries calls."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.activities.error_interceptor import ErrorInterceptor
from cordboard.activities.log_interceptor import LogInterceptor
from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.names import CALLS_QUEUE
from cordboard.workflows.sandbox import workflow_runner

MAX_CACHED_CALLS = 5000
"""Above the calls of one worker: a call that falls out of the cache is replayed at each message."""


def call_worker(
    client: Client,
    activities: Sequence[Callable[..., Any]],
    *,
    queue: str = CALLS_QUEUE,
    workflow: type[CallWorkflow] = CallWorkflow,
) -> Worker:
    """Make the worker for calls, their activities and tools; `workflow` is what carries a call.

    A dead worker's calls are picked up by another within about a second: that long a step waits for the worker that
    has the call in its cache.
    """
    return Worker(
        client,
        task_queue=queue,
        workflows=[workflow],
        activities=activities,
        workflow_runner=workflow_runner(),
        interceptors=[LogInterceptor(), ErrorInterceptor()],
        max_cached_workflows=MAX_CACHED_CALLS,
        max_concurrent_workflow_tasks=200,
        max_concurrent_activities=1000,
        max_concurrent_local_activities=1000,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=timedelta(seconds=5),
    )
