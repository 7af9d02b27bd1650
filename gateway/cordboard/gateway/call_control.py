"""The seam between the doors and the calls' workflows."""

from dataclasses import dataclass
from typing import Protocol

from cordboard.call.v1.call_service_pb2 import (
    AddLegRequest,
    AddLegResponse,
    EndCallRequest,
    EscalateCallRequest,
    HoldLegRequest,
    RemoveLegRequest,
    RetrieveLegRequest,
    SetRecordingRequest,
    StartCallRequest,
    StartCallResponse,
    StepTransferRequest,
    TransferCallRequest,
)
from cordboard.gateway.workflow_catalogue import ScriptedStart
from cordboard.media.v1 import leg_pb2

Steering = (
    EscalateCallRequest
    | HoldLegRequest
    | RetrieveLegRequest
    | SetRecordingRequest
    | EndCallRequest
    | TransferCallRequest
    | StepTransferRequest
    | RemoveLegRequest
)
"""A request that changes a running call and answers with nothing but its success."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who is behind a request: the tenant, the actor as the log names it, and the agent's id where there is one."""

    tenant: str
    actor: str
    party_id: str = ""


class CallControl(Protocol):
    """Starts and changes calls, each request once: one implementation speaks with Temporal, the other keeps calls in
    memory.

    A repeated request gets its first answer, also when the call is over by then; the same request id with other
    arguments raises ConflictError(REQUEST_ID_REUSED). Every method raises UnavailableError (TEMPORAL_AWAY,
    WORKERS_AWAY) when the answer is not known in time; repeating the request is then right.
    """

    async def start(
        self, call_id: str, party: Party, request: StartCallRequest, scripted: ScriptedStart | None = None
    ) -> StartCallResponse:
        """Start the workflow of an opened call, or join the start that is under way, and give its answer.

        `scripted` is the registration behind `request.workflow`, with its checked input.
        """
        ...

    async def answer_of(self, call_id: str, request_id: str) -> StartCallResponse:
        """Give the answer that a start had. Raises WrongStateError(CALL_OVER) when it is no longer known."""
        ...

    async def steer(self, party: Party, request: Steering) -> None:
        """Change a running call. Ending one that is over is fine; one that the engine knows nothing of is not found.

        Raises NotFoundError (CALL_NOT_FOUND, LEG_NOT_FOUND), WrongStateError (WRONG_PHASE, CONSENT_MISSING),
        UnimplementedError.
        """
        ...

    async def add_leg(self, party: Party, role: leg_pb2.LegRole.ValueType, request: AddLegRequest) -> AddLegResponse:
        """Add a leg of that role to a running call; the errors of `steer`, and InvalidError(BAD_SDP)."""
        ...

    async def tenant_of(self, call_id: str) -> str:
        """Tell whose call it is without asking the ledger. Raises NotFoundError(CALL_NOT_FOUND)."""
        ...

    async def ping(self) -> None:
        """Return when the engine can be reached; raises UnavailableError(TEMPORAL_AWAY)."""
        ...
