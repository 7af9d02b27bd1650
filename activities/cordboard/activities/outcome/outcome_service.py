"""Serves outcomes to the gateway."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from cordboard.activities.outcome.memory_outcome_store import place_of
from cordboard.activities.outcome.outcome_seal import PURPOSE, unseal
from cordboard.activities.outcome.outcome_store import OutcomeRow, OutcomeStore, Place
from cordboard.call.v1.outcome_pb2 import FOLLOW_UP_STATE_UNSPECIFIED
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.outcome.v1 import outcome_service_pb2 as pb
from cordboard.outcome.v1.outcome_service_pb2_grpc import OutcomeServiceServicer

MAX_PAGE = 200
DEFAULT_PAGE = 50


class SubkeySource(Protocol):
    """Gives subkeys of calls; see runtime's KeyClient."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for a purpose. Raises WrongStateError(KEY_DESTROYED)."""
        ...


class PhiRecord(Protocol):
    """Puts on the log that PHI of an outcome is about to be opened, and what became of a follow-up."""

    async def opened(self, call_id: str, on_behalf_of: str) -> None:
        """Return once it is on the log. Raises UnavailableError(LEDGER_AWAY): then nothing may be opened."""
        ...

    async def resolved(self, call_id: str, by: str) -> None:
        """Return once it is on the log."""
        ...


class OutcomeService(OutcomeServiceServicer):
    """Shows rows; PHI is opened for whom it is asked, after that is on the log."""

    def __init__(
        self, store: OutcomeStore, keys: SubkeySource, record: PhiRecord, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._keys = keys
        self._record = record
        self._clock = clock

    async def GetOutcome(self, request: pb.GetOutcomeRequest, context: Any) -> pb.GetOutcomeResponse:
        """Show a call's outcome."""
        row = _found(await self._store.get(request.call_id, request.tenant))
        subkey = await self._subkey(row)
        if request.with_phi:
            if not request.on_behalf_of:
                raise InvalidError("FIELD_MISSING", "PHI is opened for somebody", field="on_behalf_of")
            if subkey is not None:
                await self._record.opened(row.outcome.call_id, request.on_behalf_of)
                unseal(row.outcome, row.sealed, subkey)
        return pb.GetOutcomeResponse(outcome=row.outcome)

    async def ListFollowUps(self, request: pb.ListFollowUpsRequest, context: Any) -> pb.ListFollowUpsResponse:
        """List open follow-ups."""
        size = min(request.page_size or DEFAULT_PAGE, MAX_PAGE)
        rows = await self._store.follow_ups(request.tenant, size + 1, from_token(request.page_token))
        shown = [row.outcome for row in rows[:size]]
        more = to_token(place_of(shown[-1])) if len(rows) > size else ""
        return pb.ListFollowUpsResponse(outcomes=shown, next_page_token=more)

    async def ResolveFollowUp(self, request: pb.ResolveFollowUpRequest, context: Any) -> pb.ResolveFollowUpResponse:
        """Close a follow-up."""
        row = _found(await self._store.get(request.call_id, request.tenant))
        if row.outcome.follow_up.state == FOLLOW_UP_STATE_UNSPECIFIED:
            raise WrongStateError("NOTHING_TO_FOLLOW_UP", "the call has no follow-up", call_id=request.call_id)
        await self._record.resolved(request.call_id, request.resolved_by)
        closed = await self._store.resolve(request.call_id, request.tenant, request.resolved_by, self._clock())
        return pb.ResolveFollowUpResponse(outcome=_found(closed).outcome)

    async def _subkey(self, row: OutcomeRow) -> bytes | None:
        """Give the key of the row's PHI; of an erased call there is none, and the row says so."""
        try:
            return await self._keys.subkey(row.outcome.call_id, PURPOSE)
        except WrongStateError as error:
            if error.reason != "KEY_DESTROYED":
                raise
            row.outcome.erased = True
            return None


def _found(row: OutcomeRow | None) -> OutcomeRow:
    if row is None:
        raise NotFoundError("OUTCOME_NOT_FOUND", "there is no outcome of such a call")
    return row


def to_token(place: Place) -> str:
    """Write a place as a page token."""
    text = f"{place.urgency}|{place.ended_at.astimezone(UTC).isoformat()}|{place.call_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def from_token(token: str) -> Place | None:
    """Read a page token; an empty one is the start. Raises InvalidError(PAGE_TOKEN_INVALID)."""
    if not token:
        return None
    try:
        urgency, ended_at, call_id = base64.urlsafe_b64decode(token.encode()).decode().split("|")
        return Place(int(urgency), datetime.fromisoformat(ended_at), call_id)
    except (ValueError, binascii.Error) as error:
        raise InvalidError("PAGE_TOKEN_INVALID", "the page token is none that was given out") from error
