"""The seam between the doors and the rows of what came of calls."""

from typing import Protocol

import grpc

from cordboard.call.v1.outcome_pb2 import Outcome
from cordboard.core.errors import UnavailableError
from cordboard.outcome.v1.outcome_service_pb2 import (
    GetOutcomeRequest,
    ListFollowUpsRequest,
    ListFollowUpsResponse,
    ResolveFollowUpRequest,
)
from cordboard.outcome.v1.outcome_service_pb2_grpc import OutcomeServiceStub
from cordboard.runtime.grpc_channel import translate_errors

DEADLINE = 5.0


class Outcomes(Protocol):
    """Rows of what came of calls. Each method raises UnavailableError(OUTCOMES_AWAY)."""

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> Outcome:
        """Show a call's outcome; `for_whom` (`role/subject`) has PHI opened, which is put on record.

        Raises NotFoundError(OUTCOME_NOT_FOUND).
        """
        ...

    async def follow_ups(self, tenant: str, page_size: int, page_token: str) -> ListFollowUpsResponse:
        """List open follow-ups without PHI. Raises InvalidError(PAGE_TOKEN_INVALID)."""
        ...

    async def resolve(self, call_id: str, tenant: str, by: str) -> Outcome:
        """Close a follow-up. Raises NotFoundError(OUTCOME_NOT_FOUND), WrongStateError(NOTHING_TO_FOLLOW_UP)."""
        ...


def _away() -> UnavailableError:
    return UnavailableError("OUTCOMES_AWAY", "the outcomes of calls cannot be reached; try again")


class NoOutcomes:
    """Stands where no wrap-up process is known: all of its rows are away."""

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> Outcome:
        """Raise."""
        raise _away()

    async def follow_ups(self, tenant: str, page_size: int, page_token: str) -> ListFollowUpsResponse:
        """Raise."""
        raise _away()

    async def resolve(self, call_id: str, tenant: str, by: str) -> Outcome:
        """Raise."""
        raise _away()


class OutcomesClient:
    """The rows as the wrap-up process serves them; see Outcomes."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """Make a client on a channel to the wrap-up process."""
        self._stub = OutcomeServiceStub(channel)

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> Outcome:
        """Show an outcome."""
        request = GetOutcomeRequest(call_id=call_id, tenant=tenant, with_phi=bool(for_whom), on_behalf_of=for_whom)
        try:
            async with translate_errors():
                return (await self._stub.GetOutcome(request, timeout=DEADLINE)).outcome
        except UnavailableError as error:
            raise _away() from error

    async def follow_ups(self, tenant: str, page_size: int, page_token: str) -> ListFollowUpsResponse:
        """List open follow-ups."""
        request = ListFollowUpsRequest(tenant=tenant, page_size=page_size, page_token=page_token)
        try:
            async with translate_errors():
                return await self._stub.ListFollowUps(request, timeout=DEADLINE)
        except UnavailableError as error:
            raise _away() from error

    async def resolve(self, call_id: str, tenant: str, by: str) -> Outcome:
        """Close a follow-up."""
        request = ResolveFollowUpRequest(call_id=call_id, tenant=tenant, resolved_by=by)
        try:
            async with translate_errors():
                return (await self._stub.ResolveFollowUp(request, timeout=DEADLINE)).outcome
        except UnavailableError as error:
            raise _away() from error
