"""The worker process of a platform team, for its registered workflows."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from cordboard.workflows.data_converter import KeySource, script_data_converter
from cordboard.workflows.sandbox import workflow_runner

NAMESPACE = "cordboard"


async def connect(temporal: str, keys: KeySource, *, namespace: str = NAMESPACE) -> Client:
    """Connect to Temporal at `host:port` as a team that runs registered workflows; `keys` opens their payloads."""
    return await Client.connect(temporal, namespace=namespace, data_converter=script_data_converter(keys))


def script_worker(
    client: Client, task_queue: str, scripts: Sequence[type[Any]], activities: Sequence[Callable[..., Any]] = ()
) -> Worker:
    """Make a worker for registered workflows and the activities that they use themselves.

    A script that breaks fails at once, so that the caller is served by the default script; another worker takes a dead
    one's scripts over within about a second.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=scripts,
        activities=activities,
        workflow_runner=workflow_runner(),
        workflow_failure_exception_types=[Exception],
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=timedelta(seconds=5),
    )
