"""Outcomes in memory, for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cordboard.activities.outcome.outcome_store import OutcomeRow, Place
from cordboard.call.v1.outcome_pb2 import FOLLOW_UP_STATE_OPEN, FOLLOW_UP_STATE_RESOLVED, Outcome


def place_of(outcome: Outcome) -> Place:
    """Name an outcome's place in the list of follow-ups."""
    return Place(outcome.urgency, outcome.ended_at.ToDatetime(tzinfo=UTC), outcome.call_id)


def _order(place: Place) -> tuple[int, datetime, str]:
    return -place.urgency, place.ended_at, place.call_id


class MemoryOutcomeStore:
    """Keeps copies of rows by call id; see OutcomeStore."""

    def __init__(self) -> None:
        self._rows: dict[str, OutcomeRow] = {}

    async def put(self, row: OutcomeRow) -> None:
        """Keep a row."""
        kept = _copy(row)
        earlier = self._rows.get(row.outcome.call_id)
        if earlier is not None and earlier.outcome.tenant != row.outcome.tenant:
            return
        if earlier is not None and earlier.outcome.follow_up.state == FOLLOW_UP_STATE_RESOLVED:
            kept.outcome.follow_up.CopyFrom(earlier.outcome.follow_up)
        self._rows[row.outcome.call_id] = kept

    async def get(self, call_id: str, tenant: str) -> OutcomeRow | None:
        """Give a row."""
        row = self._rows.get(call_id)
        return _copy(row) if row is not None and row.outcome.tenant == tenant else None

    async def follow_ups(self, tenant: str, limit: int, after: Place | None) -> Sequence[OutcomeRow]:
        """Give open follow-ups."""
        places = {
            _order(place_of(row.outcome)): row
            for row in self._rows.values()
            if row.outcome.tenant == tenant and row.outcome.follow_up.state == FOLLOW_UP_STATE_OPEN
        }
        return [_copy(places[place]) for place in sorted(places) if after is None or place > _order(after)][:limit]

    async def resolve(self, call_id: str, tenant: str, by: str, at: datetime) -> OutcomeRow | None:
        """Close a follow-up."""
        row = self._rows.get(call_id)
        if row is None or row.outcome.tenant != tenant:
            return None
        follow_up = row.outcome.follow_up
        if follow_up.state == FOLLOW_UP_STATE_OPEN:
            follow_up.state, follow_up.resolved_by = FOLLOW_UP_STATE_RESOLVED, by
            follow_up.resolved_at.FromDatetime(at)
        return _copy(row)


def _copy(row: OutcomeRow) -> OutcomeRow:
    outcome = Outcome()
    outcome.CopyFrom(row.outcome)
    return OutcomeRow(outcome, row.sealed)
