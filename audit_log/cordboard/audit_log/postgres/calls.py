"""The call store in PostgreSQL."""

from cordboard.audit_log.calls import OpenedRequest
from cordboard.audit_log.postgres.database import Database

_CALL = "select call_id, tenant, request_id, args_digest from ledger.call"


class PostgresCalls:
    """Reads what the appender wrote with each call's first event."""

    def __init__(self, database: Database) -> None:
        """Make a store on a database."""
        self._database = database

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became; see CallStore.request."""
        return await self._find(f"{_CALL} where tenant = $1 and request_id = $2", tenant, request_id)

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a token paid for; see CallStore.token."""
        return await self._find(f"{_CALL} where token_id = $1", token_id)

    async def _find(self, query: str, *arguments: str) -> OpenedRequest | None:
        async with self._database.connection() as connection:
            found = await connection.fetchrow(query, *arguments)
        return OpenedRequest(**dict(found.items())) if found else None
