"""Shows what came of calls, to whom may see it."""

import logging

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.core.errors import ForbiddenError, NotFoundError, WrongStateError
from cordboard.gateway.access import PHI, READ, STEER, actor_of, is_call_id, require_request_id, require_scope
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.outcomes import Outcomes
from cordboard.runtime.identity import UserClaims

_log = logging.getLogger(__name__)


class OutcomeReader:
    """Asks for rows in the name of a token's bearer. A refusal is in the log, with who asked for what."""

    def __init__(self, reader: CallReader, outcomes: Outcomes) -> None:
        self._reader = reader
        self._outcomes = outcomes

    async def get(self, user: UserClaims, request: pb.GetOutcomeRequest) -> pb.GetOutcomeResponse:
        """Show a call's outcome. Raises NotFoundError(CALL_NOT_FOUND), WrongStateError(OUTCOME_PENDING)."""
        self._require(user, READ, "GetOutcome", request.call_id)
        # That the call is the tenant's is decided by the record, and not by the row.
        await self._reader.opened(request.call_id, user.tenant)
        for_whom = actor_of(user) if PHI in user.scopes else ""
        try:
            outcome = await self._outcomes.get(request.call_id, user.tenant, for_whom=for_whom)
        except NotFoundError as error:
            raise _pending() from error
        return pb.GetOutcomeResponse(outcome=outcome)

    async def follow_ups(self, user: UserClaims, request: pb.ListFollowUpsRequest) -> pb.ListFollowUpsResponse:
        """List open follow-ups."""
        self._require(user, READ, "ListFollowUps", "")
        page = await self._outcomes.follow_ups(user.tenant, request.page_size, request.page_token)
        return pb.ListFollowUpsResponse(outcomes=page.outcomes, next_page_token=page.next_page_token)

    async def resolve(self, user: UserClaims, request: pb.ResolveFollowUpRequest) -> pb.ResolveFollowUpResponse:
        """Close a follow-up. Raises as `get` does, and WrongStateError(NOTHING_TO_FOLLOW_UP)."""
        self._require(user, STEER, "ResolveFollowUp", request.call_id)
        require_request_id(request.request_id)
        await self._reader.opened(request.call_id, user.tenant)
        try:
            outcome = await self._outcomes.resolve(request.call_id, user.tenant, actor_of(user))
        except NotFoundError as error:
            raise _pending() from error
        return pb.ResolveFollowUpResponse(outcome=outcome)

    def _require(self, user: UserClaims, scope: str, method: str, call_id: str) -> None:
        """Raise ForbiddenError; what is written of `call_id` is the asker's own word, so only if it can be an id."""
        try:
            require_scope(user, scope)
        except ForbiddenError as error:
            named = call_id if is_call_id(call_id) else ""
            known = {"method": method, "reason": error.reason, "call_id": named}
            who = {"role": user.role, "tenant": user.tenant, "token_id": user.token_id}
            _log.warning("an outcome was refused", extra=known | who)
            raise


def _pending() -> WrongStateError:
    return WrongStateError("OUTCOME_PENDING", "nothing is known yet of what came of the call; its wrap-up comes first")
