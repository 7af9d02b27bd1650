"""The seam to where outcomes are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cordboard.call.v1.outcome_pb2 import Outcome


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A call's outcome as it is kept: what is PHI sealed apart."""

    outcome: Outcome
    """Without PHI."""
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of follow-ups: after the one of that urgency, end and call."""

    urgency: int
    ended_at: datetime
    call_id: str


class OutcomeStore(Protocol):
    """One row per call. Each method raises UnavailableError(OUTCOMES_AWAY)."""

    async def put(self, row: OutcomeRow) -> None:
        """Keep a call's outcome in the place of an earlier one; a follow-up that was resolved stays so.

        A row of another tenant's stays as it is: a call never changes hands.
        """
        ...

    async def get(self, call_id: str, tenant: str) -> OutcomeRow | None:
        """Give a call's row; None when there is none, or it is another tenant's."""
        ...

    async def follow_ups(self, tenant: str, limit: int, after: Place | None) -> Sequence[OutcomeRow]:
        """Give open follow-ups: the most urgent first, then who waits longest."""
        ...

    async def resolve(self, call_id: str, tenant: str, by: str, at: datetime) -> OutcomeRow | None:
        """Close an open follow-up, and give the row; one that is closed stays as it is. None as with `get`."""
        ...
