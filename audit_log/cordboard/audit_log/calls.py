"""Which request became which call, and the calls' wrapped keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cordboard.audit_log.keyring import WrappedKey


@dataclass(frozen=True, slots=True)
class OpenedRequest:
    """A request that became a call."""

    call_id: str
    tenant: str
    request_id: str
    args_digest: bytes


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A call's key as it is kept; `wrapped` is None once it was destroyed."""

    tenant: str
    wrapped: WrappedKey | None
    legal_hold: bool = False


class CallStore(Protocol):
    """Requests, tokens and keys of calls. They are written with a call's first event (EventStore.append)."""

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became."""
        ...

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a single-use token paid for."""
        ...

    async def key(self, call_id: str) -> StoredKey | None:
        """Give a call's key."""
        ...

    async def set_legal_hold(self, call_id: str, held: bool) -> None:
        """Forbid, or allow again, that the key is destroyed. Raises NotFoundError(STREAM_NOT_FOUND)."""
        ...

    async def destroy_key(self, call_id: str, at: datetime) -> None:
        """Destroy the key for good. Raises WrongStateError(LEGAL_HOLD), NotFoundError(STREAM_NOT_FOUND)."""
        ...
