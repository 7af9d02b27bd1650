"""What Temporal knows of the registered workflow that runs a call, and the call cannot see by itself."""

import re
from datetime import timedelta

from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingWorkflowTaskState
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest
from temporalio.client import Client
from temporalio.service import RPCError

from cordboard.activity.v1.script_activities_pb2 import InspectScriptInput, ScriptCondition
from cordboard.core.errors import UnavailableError
from cordboard.workflows.script_contract import SCRIPT_FAILED, SCRIPT_QUEUE_DEAD, SCRIPT_UNKNOWN_TYPE

_DEADLINE = timedelta(seconds=2)
_LAST_EVENTS = 20
# How the SDKs say that a worker has no such workflow: Python by the failure's type, the others by its text.
_NOT_REGISTERED = "NotFoundError"
_UNKNOWN = re.compile(r"not registered|unable to find workflow type|no such function is exported", re.IGNORECASE)


class ScriptActivities:
    """The activity that looks after registered workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def inspect_script(self, script: InspectScriptInput) -> ScriptCondition:
        """Tell how a script does. Raises UnavailableError(TEMPORAL_AWAY)."""
        try:
            return ScriptCondition(reason=await self._reason(script.workflow_id))
        except (RPCError, RuntimeError) as error:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error

    async def _reason(self, workflow_id: str) -> str:
        described = await self._client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
            ),
            timeout=_DEADLINE,
        )
        if not described.HasField("pending_workflow_task"):
            return ""
        task = described.pending_workflow_task
        if task.attempt > 1:
            failure = await self._last_failure(workflow_id)
            if failure is not None:
                return _read(failure)
        waiting = task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
        return SCRIPT_QUEUE_DEAD if waiting else ""

    async def _last_failure(self, workflow_id: str) -> Failure | None:
        """Give why the script's newest step failed; None when a worker died over it, or it did not fail."""
        request = GetWorkflowExecutionHistoryRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id),
            maximum_page_size=1000,
        )
        history = await self._client.workflow_service.get_workflow_execution_history(request, timeout=_DEADLINE)
        for event in reversed(history.history.events[-_LAST_EVENTS:]):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                return event.workflow_task_failed_event_attributes.failure
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return None
        return None


def _read(failure: Failure) -> str:
    unknown = failure.application_failure_info.type == _NOT_REGISTERED or _UNKNOWN.search(failure.message)
    return SCRIPT_UNKNOWN_TYPE if unknown else SCRIPT_FAILED
