"""What was committed last, kept in memory for those who follow the log."""

import asyncio
from collections import deque
from collections.abc import Sequence

from cordboard.audit_log.record import Row

KEEP_ROWS = 8192


class Feed:
    """The newest rows in order of position, and the position up to which all is committed.

    Readers that lag behind what is kept here go to the database; nobody has a queue that could overflow.
    """

    def __init__(self, keep: int = KEEP_ROWS) -> None:
        """Make a feed that knows no position yet."""
        self.committed = -1
        self._start = -1
        self._keep = keep
        self._rows: deque[Row] = deque()
        self._changed = asyncio.Event()

    def reset(self, position: int) -> None:
        """Begin anew after `position`: what was committed up to it is in the database and perhaps not here."""
        self._rows.clear()
        self._start = self.committed = position
        self._announce()

    def publish(self, rows: Sequence[Row]) -> None:
        """Add committed rows."""
        self._rows.extend(rows)
        self.committed = rows[-1].position
        while len(self._rows) > self._keep:
            self._start = self._rows.popleft().position
        self._announce()

    def since(self, position: int) -> list[Row] | None:
        """Give what is beyond a position; None when not all of it is here."""
        if position < self._start or self._start < 0:
            return None
        newest: list[Row] = []
        for row in reversed(self._rows):
            if row.position <= position:
                break
            newest.append(row)
        newest.reverse()
        return newest

    async def wait_beyond(self, position: int) -> int:
        """Return the committed position as soon as it is beyond `position`."""
        while self.committed <= position:
            await self._changed.wait()
        return self.committed

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
