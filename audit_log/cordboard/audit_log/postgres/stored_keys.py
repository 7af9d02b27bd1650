"""The key store in PostgreSQL."""

from collections.abc import Iterable

import asyncpg

from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.postgres.database import Database, Session
from cordboard.audit_log.stored_keys import Destruction, KeyChange, LegalHold, StoredKey

_KEY = "select call_id, tenant, kek_id, wrapped_key, hold_reason, hold_by, hold_at, destroyed_at from ledger.call_key"
# A held key is refused by the table's own constraint, whoever was first.
_DESTROY = """
update ledger.call_key set wrapped_key = null, destroyed_at = coalesce(destroyed_at, $2) where call_id = $1
"""
_HOLD = """
update ledger.call_key set legal_hold = $2::text is not null, hold_reason = $2, hold_by = $3, hold_at = $4
where call_id = $1
"""


async def change_key(connection: Session, change: KeyChange) -> None:
    """Make a change inside the transaction of the event that tells of it."""
    if isinstance(change, Destruction):
        await connection.execute(_DESTROY, change.call_id, change.at)
        return
    hold = change.hold
    told = (hold.reason, hold.set_by, hold.set_at) if hold is not None else (None, None, None)
    await connection.execute(_HOLD, change.call_id, *told)


class PostgresKeys:
    """Reads keys that the appender wrote, and keeps those that were wrapped anew."""

    def __init__(self, database: Database) -> None:
        """Make a store on a database."""
        self._database = database

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key; see KeyStore.key."""
        async with self._database.connection() as connection:
            found = await connection.fetchrow(f"{_KEY} where call_id = $1", call_id)
        return _stored(found) if found else None

    async def replace(self, call_id: str, old: WrappedKey, new: WrappedKey) -> bool:
        """Keep a key wrapped anew; see KeyStore.replace."""
        query = (
            "update ledger.call_key set kek_id = $4, wrapped_key = $5"
            " where call_id = $1 and kek_id = $2 and wrapped_key = $3"
        )
        async with self._database.connection() as connection:
            changed = await connection.execute(query, call_id, old.kek_id, old.ciphertext, new.kek_id, new.ciphertext)
        return bool(changed == "UPDATE 1")

    async def wrapped_otherwise(self, tenant: str, kek_id: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys that another version wraps; see KeyStore.wrapped_otherwise."""
        query = (
            f"{_KEY} where tenant = $1 and kek_id <> $2 and wrapped_key is not null and call_id > $3"
            " order by call_id limit $4"
        )
        async with self._database.connection() as connection:
            return [_stored(found) for found in await connection.fetch(query, tenant, kek_id, after, limit)]

    async def uses(self, tenant: str) -> dict[str, int]:
        """Count keys by version; see KeyStore.uses."""
        query = (
            "select kek_id, count(*) as calls from ledger.call_key"
            " where tenant = $1 and wrapped_key is not null group by kek_id"
        )
        async with self._database.connection() as connection:
            return {found["kek_id"]: found["calls"] for found in await connection.fetch(query, tenant)}

    async def destroyed(self, call_ids: Iterable[str]) -> frozenset[str]:
        """Tell which keys were destroyed; see KeyStore.destroyed."""
        query = "select call_id from ledger.call_key where call_id = any($1::text[]) and destroyed_at is not null"
        async with self._database.connection() as connection:
            return frozenset(found["call_id"] for found in await connection.fetch(query, list(call_ids)))

    async def held(self, tenant: str, after: str, limit: int) -> list[StoredKey]:
        """Give keys under a legal hold; see KeyStore.held."""
        query = f"{_KEY} where tenant = $1 and legal_hold and call_id > $2 order by call_id limit $3"
        async with self._database.connection() as connection:
            return [_stored(found) for found in await connection.fetch(query, tenant, after, limit)]


def _stored(found: asyncpg.Record) -> StoredKey:
    wrapped = WrappedKey(found["kek_id"], found["wrapped_key"]) if found["wrapped_key"] is not None else None
    hold = None
    if found["hold_reason"] is not None:
        hold = LegalHold(found["hold_reason"], found["hold_by"], found["hold_at"])
    return StoredKey(found["call_id"], found["tenant"], wrapped, hold, found["destroyed_at"])
