"""Changes running calls for those who may."""

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.call_service_pb2 import (
    AddLegRequest,
    AddLegResponse,
    EndCallRequest,
    EscalateCallRequest,
    HoldLegRequest,
    RemoveLegRequest,
    RetrieveLegRequest,
    SetRecordingRequest,
    StepTransferRequest,
    TransferCallRequest,
)
from cordboard.core import reasons
from cordboard.core.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError, WrongStateError
from cordboard.gateway.access import (
    AGENT,
    CALLER,
    STEER,
    actor_of,
    is_passive,
    leg_role,
    require_may_add_leg,
    require_reason,
    require_request_id,
    require_scope,
    require_tenant,
)
from cordboard.gateway.call_control import CallControl, Party, Steering
from cordboard.gateway.call_reader import CallReader, call_not_found
from cordboard.gateway.sdp_offer import require_audio_offer
from cordboard.media.v1 import leg_pb2
from cordboard.runtime.identity import UserClaims

CLIENT_CLOSED = "CLIENT_CLOSED"
CALL_NOT_FOUND = "CALL_NOT_FOUND"


class CallSteering:
    """Checks who asks and what for, then hands the request to the call's workflow."""

    def __init__(self, reader: CallReader, control: CallControl) -> None:
        self._reader = reader
        self._control = control

    async def steer(self, claims: UserClaims, request: Steering) -> None:
        """Change a call with the scope `calls:steer`; an agent changes only the call that they are on.

        Raises InvalidError, ForbiddenError (SCOPE_MISSING, NOT_ON_CALL), NotFoundError (CALL_NOT_FOUND,
        LEG_NOT_FOUND), WrongStateError, ConflictError(REQUEST_ID_REUSED), UnavailableError, UnimplementedError.
        """
        require_scope(claims, STEER)
        request.request_id = require_request_id(request.request_id)
        _require_arguments(request)
        await self._require_call(claims, request)
        try:
            await self._control.steer(_party(claims), request)
        except NotFoundError as error:
            # The engine forgets a call that ended long ago; the record does not.
            if not isinstance(request, EndCallRequest) or error.reason != CALL_NOT_FOUND:
                raise
            if not await self._reader.has_ended(request.call_id):
                raise WrongStateError("CALL_NOT_STARTED", "the call was opened and has not begun") from error

    async def add_leg(self, claims: UserClaims, request: AddLegRequest) -> AddLegResponse:
        """Add a leg for the agent whom the call has rung, for a caller who comes back after a lost connection, with
        the scope `legs:add`, or with `calls:supervise` for one who only listens.

        A leg takes the place of the bearer's own leg only. Raises the errors of `steer`, and BAD_SDP,
        ROLE_FORBIDDEN, NOT_OFFERED, LEG_NOT_YOURS.
        """
        require_may_add_leg(claims, replaces=request.replaces_leg_id)
        role = leg_role(claims, request.role)
        request.request_id = require_request_id(request.request_id)
        require_audio_offer(request.sdp_offer)
        await self._require_place(claims, role, request)
        return await self._control.add_leg(_party(claims), role, request)

    async def remove_leg(self, claims: UserClaims, request: RemoveLegRequest) -> None:
        """End a leg with the scope `calls:steer`, or with the token whose own leg it is.

        A caller's token owns the caller's leg of the call that it paid for, an agent's token the legs that the agent
        joined with. Raises ForbiddenError(LEG_NOT_YOURS) and the errors of `steer`.
        """
        require_tenant(claims)
        request.request_id = require_request_id(request.request_id)
        request.reason = require_reason(request.reason or _own_reason(claims))
        try:
            leg = await self._reader.leg(request.call_id, request.leg_id, claims.tenant)
        except UnavailableError:
            # Whose leg it is stands on the record only; who may end any leg need not wait for it.
            if STEER not in claims.scopes or claims.role == AGENT:
                raise
            await self._require_call_at_engine(claims, request.call_id)
            await self._control.steer(_party(claims), request)
            return
        if not leg.belongs_to(claims) and not await self._may_steer(claims, request.call_id):
            raise ForbiddenError("LEG_NOT_YOURS", "the token may not end that leg", leg_id=request.leg_id)
        if not leg.over:
            await self._control.steer(_party(claims), request)

    async def _require_call(self, claims: UserClaims, request: Steering) -> None:
        """Raise NotFoundError(CALL_NOT_FOUND) unless the call is the tenant's, NOT_ON_CALL unless it is the agent's.

        What must work while the record is away (hang-up, pause and stop of a recording) asks the engine then.
        """
        try:
            await self._reader.opened(request.call_id, claims.tenant)
            if not await self._may_steer(claims, request.call_id):
                raise ForbiddenError("NOT_ON_CALL", "the agent is not on the call", call_id=request.call_id)
        except UnavailableError:
            # Who is on a call stands on the record only; a desk that is open knows it and hangs up all the same.
            if not _runs_without_record(request) or claims.role == AGENT:
                raise
            await self._require_call_at_engine(claims, request.call_id)

    async def _may_steer(self, claims: UserClaims, call_id: str) -> bool:
        """Tell whether the token may change the tenant's call: an agent's only while the agent is on it."""
        if STEER not in claims.scopes:
            return False
        return claims.role != AGENT or (await self._reader.part(call_id, claims.tenant, claims.subject)).connected

    async def _require_place(self, claims: UserClaims, role: leg_pb2.LegRole.ValueType, request: AddLegRequest) -> None:
        """Raise ForbiddenError unless the bearer has a place in the call (NOT_OFFERED), and may take over the leg
        that the new one replaces (LEG_NOT_YOURS).
        """
        if request.replaces_leg_id:
            leg = await self._reader.leg(request.call_id, request.replaces_leg_id, claims.tenant)
            if not leg.belongs_to(claims):
                raise ForbiddenError("LEG_NOT_YOURS", "the token may not replace that leg", leg_id=leg.leg.leg_id)
        if claims.role == CALLER and not request.replaces_leg_id:
            if await self._reader.line(request.call_id, claims.tenant) != claims.subject:
                raise ForbiddenError("NOT_OFFERED", "the call is placed to another line", call_id=request.call_id)
            return
        if claims.role == AGENT and not is_passive(role):
            if not (await self._reader.part(request.call_id, claims.tenant, claims.subject)).ever:
                raise ForbiddenError("NOT_OFFERED", "the call was not offered to this agent", call_id=request.call_id)
            return
        await self._reader.opened(request.call_id, claims.tenant)

    async def _require_call_at_engine(self, claims: UserClaims, call_id: str) -> None:
        if await self._control.tenant_of(call_id) != claims.tenant:
            raise call_not_found()


def _party(claims: UserClaims) -> Party:
    return Party(
        tenant=claims.tenant,
        actor=actor_of(claims),
        party_id=claims.subject if claims.role != CALLER else "",
    )


def _own_reason(claims: UserClaims) -> str:
    """Tell an agent who hangs up from one whose connection breaks: the call goes on without the latter."""
    return reasons.AGENT_HUNG_UP if claims.role == AGENT else CLIENT_CLOSED


def _runs_without_record(request: Steering) -> bool:
    if isinstance(request, SetRecordingRequest):
        return request.state != call_pb2.RECORDING_STATE_ON
    return isinstance(request, EndCallRequest)


def _require_arguments(request: Steering) -> None:
    if isinstance(request, EscalateCallRequest | EndCallRequest):
        require_reason(request.reason)
    elif isinstance(request, HoldLegRequest | RetrieveLegRequest):
        if not request.leg_id:
            raise NotFoundError("LEG_NOT_FOUND", "the request names no leg")
    elif isinstance(request, SetRecordingRequest):
        if request.state == call_pb2.RECORDING_STATE_UNSPECIFIED:
            raise InvalidError("STATE_MISSING", "the request names no state to reach")
        if request.reason:
            require_reason(request.reason)
    elif isinstance(request, TransferCallRequest) and not (request.queue or request.agent_id or request.to_ai_agent):
        raise InvalidError("TARGET_MISSING", "the request names neither queue nor agent")
    elif isinstance(request, StepTransferRequest) and not request.step:
        raise InvalidError("STEP_MISSING", "the request names no step")
