"""Starts and changes calls through Temporal updates; the update's id is the request's id."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import Message
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1 import call_workflow_pb2 as wf
from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    InternalError,
    NotFoundError,
    UnavailableError,
    UnimplementedError,
    WrongStateError,
)
from cordboard.core.workflow_registry import pin
from cordboard.gateway.call_control import Party, Steering
from cordboard.gateway.request_digest import args_digest
from cordboard.gateway.workflow_catalogue import ScriptedStart
from cordboard.media.v1 import leg_pb2
from cordboard.workflows import names
from cordboard.workflows.data_converter import PAYLOAD_NOT_OURS
from cordboard.workflows.failures import from_failure
from cordboard.workflows.search_attributes import TENANT, VERTICAL

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Update:
    """How one kind of request travels: the update's name, its argument and the type of its answer."""

    name: str
    argument: type[Message]
    answer: type[Message]


_UPDATES: dict[type[Message], _Update] = {
    pb.EscalateCallRequest: _Update(names.UPDATE_ESCALATE, wf.EscalateInput, pb.EscalateCallResponse),
    pb.HoldLegRequest: _Update(names.UPDATE_HOLD, wf.HoldInput, pb.HoldLegResponse),
    pb.RetrieveLegRequest: _Update(names.UPDATE_RETRIEVE, wf.RetrieveInput, pb.RetrieveLegResponse),
    pb.SetRecordingRequest: _Update(names.UPDATE_SET_RECORDING, wf.SetRecordingInput, pb.SetRecordingResponse),
    pb.TransferCallRequest: _Update(names.UPDATE_TRANSFER, wf.TransferInput, pb.TransferCallResponse),
    pb.StepTransferRequest: _Update(names.UPDATE_STEP_TRANSFER, wf.StepTransferInput, pb.StepTransferResponse),
    pb.EndCallRequest: _Update(names.UPDATE_END_CALL, wf.EndCallInput, pb.EndCallResponse),
    pb.RemoveLegRequest: _Update(names.UPDATE_REMOVE_LEG, wf.RemoveLegInput, pb.RemoveLegResponse),
}

# What a worker that has died, or a server that restarts, answers with: another try with the same ids joins the first.
_PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
    }
)


# Temporal's own word for an update whose workflow ended before it.
_CUT_OFF = "AcceptedUpdateCompletedWorkflow"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one try may take, and all of them."""

    attempt: timedelta = timedelta(seconds=2)
    total: timedelta = timedelta(seconds=8)

    @classmethod
    def of(cls, *, attempt: float, total: float) -> "Patience":
        """Make it from seconds."""
        return cls(timedelta(seconds=attempt), timedelta(seconds=total))


class _CallClosedError(Exception):
    """Raised when Temporal has no running workflow for a call."""


class TemporalCallControl:
    """The calls' workflows, reached through a Temporal client with the calls' data converter."""

    def __init__(
        self, client: Client, patience: Patience | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._monotonic = monotonic

    async def start(
        self, call_id: str, party: Party, request: pb.StartCallRequest, scripted: ScriptedStart | None = None
    ) -> pb.StartCallResponse:
        """Start the workflow of an opened call with its first update; see CallControl.start."""
        argument = wf.StartCallInput(actor=party.actor, request_id=request.request_id, sdp_offer=request.sdp_offer)

        async def ask(attempt: timedelta) -> wf.StartCallAnswer:
            # One operation serves one try only.
            beginning = _begin(call_id, party, request, scripted)
            try:
                answer: wf.StartCallAnswer = await self._client.execute_update_with_start_workflow(
                    names.UPDATE_START_CALL,
                    argument,
                    start_workflow_operation=beginning,
                    id=request.request_id,
                    result_type=wf.StartCallAnswer,
                    rpc_timeout=attempt,
                )
            except (RPCError, RPCTimeoutOrCancelledError, WorkflowAlreadyStartedError):
                # The operation keeps the same error for whoever asks it; unasked, it would be logged as lost.
                with contextlib.suppress(TemporalError):
                    await beginning.workflow_handle()
                raise
            return answer

        try:
            answer = await self._patiently(ask)
        except (_CallClosedError, WorkflowAlreadyStartedError):
            return await self.answer_of(call_id, request.request_id)
        return _started(call_id, answer)

    async def answer_of(self, call_id: str, request_id: str) -> pb.StartCallResponse:
        """Give the answer that a start had; see CallControl.answer_of."""
        try:
            answer = await self._outcome(call_id, request_id, wf.StartCallAnswer)
        except _CallClosedError:
            raise _over() from None
        return _started(call_id, answer)

    async def steer(self, party: Party, request: Steering) -> None:
        """Change a running call; see CallControl.steer."""
        update = _UPDATES.get(type(request))
        if update is None:
            raise UnimplementedError("UNIMPLEMENTED", "this build's calls cannot do that yet")
        digest = args_digest(request)
        argument = update.argument(actor=party.actor, request=request, args_digest=digest)
        try:
            answer = await self._update(request.call_id, request.request_id, update, argument)
        except _CallClosedError:
            if isinstance(request, pb.EndCallRequest | pb.RemoveLegRequest):
                # What has ended needs no ending; what never began is another matter.
                await self.tenant_of(request.call_id)
                return
            raise _over() from None
        _require_same(answer, update.answer, digest)

    async def add_leg(
        self, party: Party, role: leg_pb2.LegRole.ValueType, request: pb.AddLegRequest
    ) -> pb.AddLegResponse:
        """Add a leg to a running call; see CallControl.add_leg."""
        digest = args_digest(request)
        filled = pb.AddLegRequest()
        filled.CopyFrom(request)
        filled.role = role
        argument = wf.AddLegInput(actor=party.actor, request=filled, party_id=party.party_id, args_digest=digest)
        update = _Update(names.UPDATE_ADD_LEG, wf.AddLegInput, pb.AddLegResponse)
        try:
            answer = await self._update(request.call_id, request.request_id, update, argument)
        except _CallClosedError:
            raise _over() from None
        _require_same(answer, update.answer, digest)
        assert isinstance(answer, pb.AddLegResponse)
        return pb.AddLegResponse(leg_id=answer.leg_id, sdp_answer=answer.sdp_answer)

    async def tenant_of(self, call_id: str) -> str:
        """Tell whose call it is by the workflow's search attribute; see CallControl.tenant_of."""

        async def ask(attempt: timedelta) -> str:
            description = await self._handle(call_id).describe(rpc_timeout=attempt)
            return description.typed_search_attributes.get(TENANT) or ""

        try:
            return await self._patiently(ask)
        except _CallClosedError:
            raise NotFoundError("CALL_NOT_FOUND", "there is no such call") from None

    async def ping(self) -> None:
        """Ask Temporal for its health; see CallControl.ping."""
        try:
            healthy = await self._client.service_client.check_health(timeout=self._patience.attempt)
        except (RPCError, RuntimeError) as error:
            raise _temporal_away() from error
        if not healthy:
            raise _temporal_away()

    def _handle(self, call_id: str) -> WorkflowHandle[object, object]:
        return self._client.get_workflow_handle(names.workflow_id(call_id))

    async def _update(self, call_id: str, request_id: str, update: _Update, argument: Message) -> Message:
        async def ask(attempt: timedelta) -> Message:
            answer: Message = await self._handle(call_id).execute_update(
                update.name, argument, id=request_id, result_type=update.answer, rpc_timeout=attempt
            )
            return answer

        try:
            return await self._patiently(ask)
        except _CallClosedError:
            # The call may have ended after it did what this request asks for.
            return await self._outcome(call_id, request_id, update.answer)

    async def _outcome(self, call_id: str, request_id: str, kind: type[T]) -> T:
        """Give the outcome that an update had, from the history of a call that may be over."""

        async def ask(attempt: timedelta) -> T:
            handle = self._handle(call_id).get_update_handle(request_id, result_type=kind)
            outcome: T = await handle.result(rpc_timeout=attempt)
            return outcome

        answer = await self._patiently(ask)
        if not isinstance(answer, kind):
            raise _reused()
        return answer

    async def _patiently(self, ask: Callable[[timedelta], Awaitable[T]]) -> T:
        """Ask until there is an answer or patience ends."""
        deadline = self._monotonic() + self._patience.total.total_seconds()
        while True:
            try:
                return await ask(self._patience.attempt)
            except WorkflowUpdateFailedError as error:
                if isinstance(error.cause, ApplicationError) and error.cause.type == _CUT_OFF:
                    raise _CallClosedError from None
                raise from_failure(error.cause) from None
            except InternalError as error:
                if error.reason == PAYLOAD_NOT_OURS:
                    # What stands under this id answers a request of another kind.
                    raise _reused() from None
                raise
            except RPCTimeoutOrCancelledError:
                # The client library hides that this very task was cancelled.
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError from None
                if self._monotonic() >= deadline:
                    raise UnavailableError("WORKERS_AWAY", "no worker took up the request in time") from None
            except RPCError as error:
                raise _of_rpc(error) from None
            except RuntimeError as error:
                # So the client library tells that its first connection failed.
                raise _temporal_away() from error
            except UnavailableError as error:
                # Only the key of the call's payloads is asked for in here.
                raise UnavailableError("LEDGER_AWAY", "the call's key cannot be had; try again") from error


def _begin(
    call_id: str, party: Party, request: pb.StartCallRequest, scripted: ScriptedStart | None
) -> WithStartWorkflowOperation[object, object]:
    return WithStartWorkflowOperation(
        names.CALL_WORKFLOW,
        wf.CallInput(
            call_id=call_id,
            tenant=party.tenant,
            vertical=request.vertical,
            workflow=request.workflow,
            direction=request.direction,
            target=request.target,
            script=pin(scripted.entry) if scripted is not None else None,
            input=scripted.input if scripted is not None else "",
            agent=scripted.entry.agent_profile if scripted is not None else "",
        ),
        id=names.workflow_id(call_id),
        task_queue=names.CALLS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        task_timeout=names.TASK_TIMEOUT,
        execution_timeout=names.EXECUTION_TIMEOUT,
        search_attributes=TypedSearchAttributes(
            [SearchAttributePair(TENANT, party.tenant), SearchAttributePair(VERTICAL, request.vertical)]
        ),
    )


def _started(call_id: str, answer: object) -> pb.StartCallResponse:
    if not isinstance(answer, wf.StartCallAnswer):
        raise _reused()
    return pb.StartCallResponse(call_id=call_id, leg_id=answer.leg_id, sdp_answer=answer.sdp_answer)


def _require_same(answer: Message, kind: type[Message], digest: bytes) -> None:
    """Raise ConflictError(REQUEST_ID_REUSED) when the answer is that of another request under the same id."""
    if not isinstance(answer, kind):
        raise _reused()
    told = getattr(answer, "args_digest", b"")
    if told and told != digest:
        raise _reused()


def _of_rpc(error: RPCError) -> Exception:
    if error.status == RPCStatusCode.NOT_FOUND:
        return _CallClosedError()
    if error.status in _PASSING:
        return _temporal_away()
    return InternalError("INTERNAL", "Temporal refused the request", code=error.status.name)


def _temporal_away() -> CordboardError:
    return UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached; try again")


def _over() -> CordboardError:
    return WrongStateError("CALL_OVER", "the call is over")


def _reused() -> CordboardError:
    return ConflictError("REQUEST_ID_REUSED", "the request id was used with other arguments")
