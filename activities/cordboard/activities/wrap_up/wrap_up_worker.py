"""The Temporal worker that wraps calls up."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.activities.error_interceptor import ErrorInterceptor
from cordboard.activities.log_interceptor import LogInterceptor
from cordboard.workflows.names import WRAP_UP_QUEUE
from cordboard.workflows.sandbox import workflow_runner
from cordboard.workflows.wrap_up_workflow import WrapUpWorkflow

AT_ONCE = 2
"""Stages that one process works on at a time; each may keep a core busy for minutes. Waiting ones take no place."""


def wrap_up_worker(client: Client, activities: Sequence[Callable[..., Any]], *, queue: str = WRAP_UP_QUEUE) -> Worker:
    """Make the worker for wrap-up and its activities."""
    return Worker(
        client,
        task_queue=queue,
        workflows=[WrapUpWorkflow],
        activities=activities,
        workflow_runner=workflow_runner(),
        interceptors=[LogInterceptor(), ErrorInterceptor()],
        max_concurrent_activities=AT_ONCE,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=5),
        graceful_shutdown_timeout=timedelta(seconds=5),
        # A stage that takes long says so by heartbeats; one that is cut off is begun anew elsewhere.
        max_heartbeat_throttle_interval=timedelta(seconds=5),
    )
