"""Starts calls: first an id from the ledger, then the workflow."""

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.call_service_pb2 import StartCallRequest, StartCallResponse
from cordboard.core.errors import InvalidError
from cordboard.gateway.access import CALLER, START, actor_of, require_request_id, require_scope, require_vertical
from cordboard.gateway.call_control import CallControl, Party
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.ledger_door import ledger_away
from cordboard.gateway.request_digest import args_digest
from cordboard.gateway.sdp_offer import require_audio_offer
from cordboard.gateway.workflow_catalogue import WorkflowCatalogue
from cordboard.runtime.identity import UserClaims
from cordboard.runtime.ledger_client import Ledger
from cordboard.runtime.log_context import bind


class CallStarter:
    """Starts a call for each request, once."""

    def __init__(self, ledger: Ledger, reader: CallReader, control: CallControl, catalogue: WorkflowCatalogue) -> None:
        self._ledger = ledger
        self._reader = reader
        self._control = control
        self._catalogue = catalogue

    async def start(self, claims: UserClaims, request: StartCallRequest) -> StartCallResponse:
        """Start a call, or give the answer that the same request had before.

        A caller's token pays for one call and stands in for a request id that is not given. Raises InvalidError
        (REQUEST_ID_MISSING, REQUEST_ID_INVALID, VERTICAL_MISSING, DIRECTION_MISSING, TARGET_MISSING,
        OFFER_UNWANTED, BAD_SDP,
        INPUT_INVALID), NotFoundError(WORKFLOW_UNKNOWN), ForbiddenError (SCOPE_MISSING, TENANT_MISMATCH,
        VERTICAL_MISMATCH), ConflictError (REQUEST_ID_REUSED, TOKEN_USED, VERTICAL_MISMATCH), UnavailableError
        (LEDGER_AWAY, TEMPORAL_AWAY, WORKERS_AWAY) and what the workflow raises.
        """
        require_scope(claims, START)
        wanted = _checked(claims, request)
        scripted = await self._catalogue.scripted_start(claims.tenant, wanted.vertical, wanted.workflow, wanted.input)
        with ledger_away():
            opened = await self._ledger.open_call(
                tenant=claims.tenant,
                request_id=wanted.request_id,
                args_digest=args_digest(wanted),
                vertical=wanted.vertical,
                token_id=claims.token_id if claims.role == CALLER else "",
            )
        bind(call_id=opened.call_id)
        # The engine forgets a call that ended long ago, and would start it anew under the id that the record keeps.
        if opened.repeated and await self._reader.has_ended(opened.call_id):
            return await self._control.answer_of(opened.call_id, wanted.request_id)
        party = Party(tenant=claims.tenant, actor=actor_of(claims))
        return await self._control.start(opened.call_id, party, wanted, scripted)


def _checked(claims: UserClaims, request: StartCallRequest) -> StartCallRequest:
    wanted = StartCallRequest()
    wanted.CopyFrom(request)
    if claims.role == CALLER and not request.request_id:
        wanted.request_id = claims.token_id
    else:
        wanted.request_id = require_request_id(request.request_id)
    wanted.vertical = request.vertical or claims.vertical
    require_vertical(claims, wanted.vertical)
    if request.direction not in (call_pb2.DIRECTION_INBOUND, call_pb2.DIRECTION_OUTBOUND):
        raise InvalidError("DIRECTION_MISSING", "the request does not say who starts the call")
    if request.direction == call_pb2.DIRECTION_OUTBOUND and not request.target:
        raise InvalidError("TARGET_MISSING", "an outbound call needs a target")
    if request.direction == call_pb2.DIRECTION_OUTBOUND and request.sdp_offer:
        raise InvalidError("OFFER_UNWANTED", "the party who picks up makes the offer")
    if request.sdp_offer:
        require_audio_offer(request.sdp_offer)
    return wanted
