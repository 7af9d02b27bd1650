"""Named readers' places on the log, leased so that one of several reads."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from cordboard.core.errors import ConflictError

LEASE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor that its owner holds for LEASE."""

    lease_epoch: int
    position: int


class CursorStore(Protocol):
    """Keeps cursors."""

    async def lease(self, name: str, owner: str) -> Cursor:
        """Take a cursor that is free or whose lease ran out, or renew one's own. Raises ConflictError(CURSOR_HELD)."""
        ...

    async def commit(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a cursor forward, never back. Raises ConflictError(CURSOR_LOST)."""
        ...


def held(name: str) -> ConflictError:
    """Make the error for a cursor that another reader holds."""
    return ConflictError("CURSOR_HELD", "another reader holds the cursor", cursor=name)


def lost(name: str) -> ConflictError:
    """Make the error for a cursor that another reader has taken."""
    return ConflictError("CURSOR_LOST", "another reader has taken the cursor", cursor=name)
