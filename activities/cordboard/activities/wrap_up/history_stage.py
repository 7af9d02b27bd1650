"""The stage that exports the history of the call's workflow."""

from typing import Final

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.stage import Place, Workshop, working
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_HISTORY, Shortfall
from cordboard.core.errors import UnavailableError
from cordboard.workflows.names import workflow_id

MEDIA_TYPE: Final = "application/json"


class HistoryStage:
    """Keeps Temporal's history before it forgets it. Payloads are encrypted under the call's key as they were there."""

    def __init__(self, workshop: Workshop, client: Client) -> None:
        self._workshop = workshop
        self._client = client

    @activity.defn(name="wrap_up.export_history")
    async def export_history(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Export the history; see the stub."""
        async with working(call):
            handle = self._client.get_workflow_handle(workflow_id(call.call_id))
            try:
                described = await handle.describe()
                if described.status == WorkflowExecutionStatus.RUNNING:
                    raise UnavailableError("CALL_RUNNING", "the call's workflow is not over", call_id=call.call_id)
                history = await handle.fetch_history()
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return WrapUpStageReport(shortfalls=[Shortfall(reason=reasons.HISTORY_GONE)])
                raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error
            stored = await self._workshop.keep(
                Place(call.tenant, call.call_id), OBJECT_KIND_HISTORY, history.to_json().encode(), MEDIA_TYPE
            )
            return WrapUpStageReport(objects=[stored])
