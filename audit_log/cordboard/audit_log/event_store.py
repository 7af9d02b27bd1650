"""The record's storage: order, chain, dedupe. PostgreSQL keeps it; a twin in memory serves tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.record import Head, Row, StreamKey
from cordboard.audit_log.stored_keys import KeyChange


@dataclass(frozen=True, slots=True)
class Appended:
    """The seq of each draft in its stream, in order, and how many were on the log before."""

    seqs: list[int]
    duplicates: int


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What a reader of the whole log wants: one stream or all, some event types or all."""

    stream: StreamKey | None = None
    types: frozenset[str] = frozenset()

    def takes(self, row: Row) -> bool:
        """Tell whether the reader wants a row."""
        if self.stream is not None and (row.stream_kind, row.stream_id) != self.stream:
            return False
        return not self.types or row.type in self.types


ALL = LogFilter()


class EventStore(Protocol):
    """Streams of rows, numbered from 1 without gaps, chained, and ordered among each other by commit."""

    async def append(
        self, drafts: Sequence[Draft], *, opening: Opening | None = None, change: KeyChange | None = None
    ) -> Appended:
        """Append all drafts or none; with `opening`, make the call that they belong to; with `change`, change its key.

        All of it becomes durable together, and then it returns. Raises ConflictError (SOURCE_SEQ_CONFLICT,
        SOURCE_SEQ_GAP), NotFoundError (STREAM_NOT_FOUND) for a call that was never opened, UnavailableError
        (LEDGER_AWAY), InternalError (LEDGER_REFUSED) for a change that a legal hold or an erasure forbids.
        """
        ...

    async def read(self, stream: StreamKey, after_seq: int, limit: int) -> list[Row]:
        """Give rows of a stream in order of seq."""
        ...

    async def follow(self, after_position: int, limit: int, wanted: LogFilter = ALL) -> tuple[list[Row], int]:
        """Give committed rows in order of position, and the position up to which everything was considered."""
        ...

    async def wait_beyond(self, position: int) -> int:
        """Return the newest committed position as soon as it is beyond `position`; -1 returns it at once."""
        ...

    async def head(self, stream: StreamKey) -> Head | None:
        """Give the newest end of a stream, or None when it is not there."""
        ...

    async def list_heads(self, kind: str, tenant: str, before_id: str, limit: int) -> list[Head]:
        """Give heads in descending order of id, below `before_id` unless that is empty; of all tenants when empty."""
        ...

    async def streams(self, after: StreamKey | None, limit: int) -> list[StreamKey]:
        """Give streams in order, those included that lack rows or head; of a call its opening is enough."""
        ...
