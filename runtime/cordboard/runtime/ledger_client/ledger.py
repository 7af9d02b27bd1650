"""The record as the engine's processes see it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import ListStreamsResponse, SubscribeResponse


def call_stream(call_id: str) -> Stream:
    """Name the stream of a call."""
    return Stream(kind="call", id=call_id)


def agent_stream(tenant: str, agent_id: str) -> Stream:
    """Name the stream of a human agent. The ledger learns the tenant from it."""
    return Stream(kind="agent", id=f"{tenant}/{agent_id}")


def registry_stream(tenant: str) -> Stream:
    """Name the stream of a tenant's registered workflows."""
    return Stream(kind="registry", id=tenant)


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """The ledger's answer to open_call."""

    call_id: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class CursorLease:
    """A cursor held for `lease_seconds`; everything up to `position` was handled."""

    lease_epoch: int
    position: int
    lease_seconds: float


class Ledger(Protocol):
    """The append-only log. One implementation asks the ledger process, the other keeps it in memory."""

    async def open_call(
        self, *, tenant: str, request_id: str, args_digest: bytes, vertical: str, token_id: str = ""
    ) -> OpenedCall:
        """Give a request its call id; the same request gets the same one.

        Raises ConflictError (REQUEST_ID_REUSED, TOKEN_USED), UnavailableError (LEDGER_AWAY).
        """
        ...

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        """Append all events or none, and give the seq of each in its stream once they are durable.

        A repeat gets the seq it has. Raises ConflictError (SOURCE_SEQ_CONFLICT, SOURCE_SEQ_GAP), ForbiddenError
        (SOURCE_NOT_YOURS), NotFoundError (STREAM_NOT_FOUND), InvalidError (INVALID_EVENT), UnavailableError.
        """
        ...

    def read(
        self, stream: Stream, *, after_seq: int = 0, with_phi: bool = False, on_behalf_of: str = ""
    ) -> AsyncIterator[Envelope]:
        """Go through a stream in order, up to its newest event. A stream that is not there has no events.

        PHI that is opened on behalf of somebody (`role/subject`), and not for the call's own handling, is journaled.
        """
        ...

    def subscribe(
        self,
        *,
        after_position: int = 0,
        from_now: bool = False,
        stream: Stream | None = None,
        types: Sequence[str] = (),
        with_phi: bool = False,
        on_behalf_of: str = "",
    ) -> AsyncGenerator[SubscribeResponse, None]:
        """Follow the log: what is there, then what comes; no event is missed or given twice.

        `types` are full message names. Each item's `position` is where to resume. Goes on by itself while the ledger
        is away; ends only with the iterator (`aclose`).
        """
        ...

    async def list_streams(
        self, kind: str, *, tenant: str = "", page_size: int = 50, page_token: str = ""
    ) -> ListStreamsResponse:
        """List the streams of a kind, newest first."""
        ...

    async def lease_cursor(self, name: str, owner: str) -> CursorLease:
        """Take or renew a cursor's lease. Raises ConflictError (CURSOR_HELD)."""
        ...

    async def commit_cursor(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a leased cursor forward. Raises ConflictError (CURSOR_LOST)."""
        ...
