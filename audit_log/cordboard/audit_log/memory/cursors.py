"""The cursor store in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cordboard.audit_log.cursors import LEASE, Cursor, held, lost


@dataclass(slots=True)
class _Kept:
    owner: str
    lease_epoch: int
    position: int
    expires_at: datetime


class MemoryCursors:
    """Keeps cursors for as long as the process lives."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Make an empty store."""
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def lease(self, name: str, owner: str) -> Cursor:
        """Take or renew a cursor; see CursorStore.lease."""
        now = self._clock()
        kept = self._kept.setdefault(name, _Kept("", 0, 0, now))
        if kept.owner != owner:
            if kept.expires_at > now:
                raise held(name)
            kept.owner, kept.lease_epoch = owner, kept.lease_epoch + 1
        kept.expires_at = now + LEASE
        return Cursor(kept.lease_epoch, kept.position)

    async def commit(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a cursor forward; see CursorStore.commit."""
        kept = self._kept.get(name)
        if kept is None or kept.lease_epoch != lease_epoch:
            raise lost(name)
        kept.position = max(kept.position, position)
