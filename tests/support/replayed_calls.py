"""Replays what calls did from their histories, as a worker does that takes a call over from another."""

from collections.abc import Iterable

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from cordboard.workflows import names
from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.sandbox import workflow_runner


async def assert_calls_replay(client: Client, workflow: type[CallWorkflow], call_ids: Iterable[str]) -> None:
    """Replay calls, ended or not; one that was opened and never started has no history."""
    replayer = Replayer(workflows=[workflow], data_converter=client.data_converter, workflow_runner=workflow_runner())
    for call_id in call_ids:
        history = await _history(client, call_id)
        if history is not None:
            await replayer.replay_workflow(history)


async def _history(client: Client, call_id: str) -> WorkflowHistory | None:
    try:
        return await client.get_workflow_handle(names.workflow_id(call_id)).fetch_history()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
