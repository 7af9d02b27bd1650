"""Places the calls that were promised to callers."""

import hashlib

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from cordboard.activity.v1.call_activities_pb2 import PlaceCallbackInput, PlaceCallbackResult
from cordboard.call.v1.call_workflow_pb2 import CallInput
from cordboard.core.errors import UnavailableError
from cordboard.runtime.ledger_client import Ledger
from cordboard.workflows import names
from cordboard.workflows.search_attributes import TENANT, VERTICAL


class CallbackActivities:
    """The activity by which one call has another one placed."""

    def __init__(self, ledger: Ledger, client: Client) -> None:
        self._ledger = ledger
        self._client = client

    @activity.defn
    async def place_callback(self, wanted: PlaceCallbackInput) -> PlaceCallbackResult:
        """Open a call and start its workflow; a repeat gives the same call. Raises UnavailableError."""
        call = CallInput()
        call.CopyFrom(wanted.call)
        digest = hashlib.sha256(call.SerializeToString(deterministic=True)).digest()
        opened = await self._ledger.open_call(
            tenant=call.tenant, request_id=wanted.request_id, args_digest=digest, vertical=call.vertical
        )
        call.call_id = opened.call_id
        try:
            await self._client.start_workflow(
                names.CALL_WORKFLOW,
                call,
                id=names.workflow_id(call.call_id),
                task_queue=names.CALLS_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                task_timeout=names.TASK_TIMEOUT,
                execution_timeout=names.EXECUTION_TIMEOUT,
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(TENANT, call.tenant), SearchAttributePair(VERTICAL, call.vertical)]
                ),
            )
        except WorkflowAlreadyStartedError:
            activity.logger.info("the callback was placed before", extra={"call_id": call.call_id})
        except RPCError as error:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached; try again") from error
        return PlaceCallbackResult(call_id=call.call_id)
