"""A call in a queue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntryState(StrEnum):
    """What becomes of a call that waits."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    """An agent is set aside for it."""
    TAKEN = "TAKEN"
    """An agent took it."""
    OVER = "OVER"
    """It waits no more."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What a call asks for when it is put into a queue."""

    tenant: str
    call_id: str
    queue: str
    ordinal: int
    """Rises with each wait of the call: a repeat of an older request changes nothing."""
    skills: frozenset[str] = frozenset()
    priority: int = 0
    since: datetime | None = None
    """Since when the call waits, where that was before it asked; not kept, but as the entry's own time."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A call's place in the queues; there is one per call."""

    wait: Wait
    enqueued_at: datetime
    state: EntryState = EntryState.WAITING
    passed_over: frozenset[str] = frozenset()
    """Agents who missed or declined the call in this wait."""
