"""The call store in PostgreSQL."""

from datetime import datetime

from cordboard.audit_log.calls import OpenedRequest, StoredKey
from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.postgres.database import Database
from cordboard.core.errors import NotFoundError, WrongStateError

_CALL = "select call_id, tenant, request_id, args_digest from ledger.call"


class PostgresCalls:
    """Reads what the appender wrote with each call's first event, and changes keys."""

    def __init__(self, database: Database) -> None:
        """Make a store on a database."""
        self._database = database

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became; see CallStore.request."""
        return await self._find(f"{_CALL} where tenant = $1 and request_id = $2", tenant, request_id)

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a token paid for; see CallStore.token."""
        return await self._find(f"{_CALL} where token_id = $1", token_id)

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key; see CallStore.key."""
        query = "select tenant, kek_id, wrapped_key, legal_hold from ledger.call_key where call_id = $1"
        async with self._database.connection() as connection:
            found = await connection.fetchrow(query, call_id)
        if found is None:
            return None
        wrapped = WrappedKey(found["kek_id"], found["wrapped_key"]) if found["wrapped_key"] is not None else None
        return StoredKey(found["tenant"], wrapped, found["legal_hold"])

    async def set_legal_hold(self, call_id: str, held: bool) -> None:
        """Forbid or allow destruction; see CallStore.set_legal_hold."""
        query = "update ledger.call_key set legal_hold = $2 where call_id = $1 and (destroyed_at is null or not $2)"
        async with self._database.connection() as connection:
            changed = await connection.execute(query, call_id, held)
        if changed == "UPDATE 0":
            raise await self._why_not(call_id)

    async def destroy_key(self, call_id: str, at: datetime) -> None:
        """Destroy the key; see CallStore.destroy_key."""
        query = (
            "update ledger.call_key set wrapped_key = null, destroyed_at = coalesce(destroyed_at, $2)"
            " where call_id = $1 and not legal_hold"
        )
        async with self._database.connection() as connection:
            changed = await connection.execute(query, call_id, at)
        if changed == "UPDATE 0":
            raise await self._why_not(call_id)

    async def _why_not(self, call_id: str) -> NotFoundError | WrongStateError:
        key = await self.key(call_id)
        if key is None:
            return NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=call_id)
        if key.wrapped is None:
            return WrongStateError("KEY_DESTROYED", "the call's key was destroyed", call_id=call_id)
        return WrongStateError("LEGAL_HOLD", "the call is under a legal hold", call_id=call_id)

    async def _find(self, query: str, *arguments: str) -> OpenedRequest | None:
        async with self._database.connection() as connection:
            found = await connection.fetchrow(query, *arguments)
        return OpenedRequest(**dict(found.items())) if found else None
