"""Which request became which call."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OpenedRequest:
    """A request that became a call."""

    call_id: str
    tenant: str
    request_id: str
    args_digest: bytes


class CallStore(Protocol):
    """Requests and tokens of calls. They are written with a call's first event (EventStore.append)."""

    async def request(self, tenant: str, request_id: str) -> OpenedRequest | None:
        """Give the call that a request became."""
        ...

    async def token(self, token_id: str) -> OpenedRequest | None:
        """Give the call that a single-use token paid for."""
        ...
