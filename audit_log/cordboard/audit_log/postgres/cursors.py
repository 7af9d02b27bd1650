"""The cursor store in PostgreSQL."""

from collections.abc import Callable
from datetime import datetime

from cordboard.audit_log.cursors import LEASE, Cursor, held, lost
from cordboard.audit_log.postgres.database import Database

_LEASE = """
insert into ledger.cursor as c (name, owner, lease_epoch, position, expires_at) values ($1, $2, 1, 0, $4)
on conflict (name) do update set
    lease_epoch = c.lease_epoch + (c.owner <> excluded.owner)::int, owner = excluded.owner, expires_at = $4
where c.owner = excluded.owner or c.expires_at <= $3
returning lease_epoch, position
"""
_COMMIT = "update ledger.cursor set position = greatest(position, $3) where name = $1 and lease_epoch = $2"


class PostgresCursors:
    """Keeps cursors. Leases are timed by the ledger's clock, so a reader's wrong clock harms nobody."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Make a store on a database."""
        self._database = database
        self._clock = clock

    async def lease(self, name: str, owner: str) -> Cursor:
        """Take or renew a cursor; see CursorStore.lease."""
        now = self._clock()
        async with self._database.connection() as connection:
            found = await connection.fetchrow(_LEASE, name, owner, now, now + LEASE)
        if found is None:
            raise held(name)
        return Cursor(found["lease_epoch"], found["position"])

    async def commit(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a cursor forward; see CursorStore.commit."""
        async with self._database.connection() as connection:
            changed = await connection.execute(_COMMIT, name, lease_epoch, position)
        if changed == "UPDATE 0":
            raise lost(name)
