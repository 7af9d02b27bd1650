"""The event store in PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg

from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.event_store import ALL, Appended, LogFilter
from cordboard.audit_log.postgres.appender import Appender
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.feed import Feed
from cordboard.audit_log.record import Head, Row, StreamKey
from cordboard.audit_log.stored_keys import KeyChange
from cordboard.core.errors import UnavailableError

_COLUMNS = ", ".join(Row._fields)
_READ = f"select {_COLUMNS} from ledger.event where stream_id = $1 and stream_kind = $2"  # noqa: S608  # our own names
_FOLLOW = f"select {_COLUMNS} from ledger.event where position > $1 and position <= $2"  # noqa: S608
_HEAD = "select kind, id, tenant, retention_class, shard, seq, hash from ledger.stream"
_STREAMS = """
select kind, id from ledger.stream where (kind, id) > ($1, $2)
union
select stream_kind, stream_id from ledger.event where (stream_kind, stream_id) > ($1, $2)
union
select 'call', call_id from ledger.call where ('call', call_id) > ($1, $2)
order by 1, 2 limit $3
"""


class PostgresEventStore:
    """Reads from PostgreSQL through a pool; writes through the shard's appender; follows what the appender commits."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Make a store; `start` lets it write."""
        self._database = database
        self._feed = Feed()
        self.appender = Appender(database, self._feed, clock)

    async def append(
        self, drafts: Sequence[Draft], *, opening: Opening | None = None, change: KeyChange | None = None
    ) -> Appended:
        """Append all drafts or none; see EventStore.append."""
        return await self.appender.submit(drafts, opening, change)

    async def read(self, stream: StreamKey, after_seq: int, limit: int) -> list[Row]:
        """Give rows of a stream; see EventStore.read."""
        async with self._database.connection() as connection:
            query = f"{_READ} and seq > $3 order by seq limit $4"
            found = await connection.fetch(query, stream.id, stream.kind, after_seq, limit)
        return [_row(record) for record in found]

    async def follow(self, after_position: int, limit: int, wanted: LogFilter = ALL) -> tuple[list[Row], int]:
        """Give committed rows; see EventStore.follow."""
        committed = self._feed.committed
        if committed < 0:
            raise UnavailableError("LEDGER_AWAY", "the ledger does not lead yet")
        newest = self._feed.since(after_position)
        if newest is not None:
            rows = newest[:limit] if wanted == ALL else [row for row in newest if wanted.takes(row)][:limit]
        else:
            rows = await self._follow_in_database(after_position, committed, limit, wanted)
        if len(rows) == limit:
            return rows, rows[-1].position
        return rows, max(committed, after_position)

    async def wait_beyond(self, position: int) -> int:
        """Wait for what comes; see EventStore.wait_beyond."""
        return await self._feed.wait_beyond(position)

    async def head(self, stream: StreamKey) -> Head | None:
        """Give the newest end of a stream; see EventStore.head."""
        async with self._database.connection() as connection:
            found = await connection.fetchrow(f"{_HEAD} where kind = $1 and id = $2", stream.kind, stream.id)
        return _head(found) if found else None

    async def list_heads(self, kind: str, tenant: str, before_id: str, limit: int) -> list[Head]:
        """Give heads in descending order; see EventStore.list_heads."""
        query = (
            f"{_HEAD} where kind = $1 and ($2 = '' or tenant = $2) and ($3 = '' or id < $3) order by id desc limit $4"
        )
        async with self._database.connection() as connection:
            return [_head(found) for found in await connection.fetch(query, kind, tenant, before_id, limit)]

    async def streams(self, after: StreamKey | None, limit: int) -> list[StreamKey]:
        """Give streams in order; see EventStore.streams."""
        kind, stream_id = after or ("", "")
        async with self._database.connection() as connection:
            return [StreamKey(*found) for found in await connection.fetch(_STREAMS, kind, stream_id, limit)]

    async def _follow_in_database(self, after: int, upto: int, limit: int, wanted: LogFilter) -> list[Row]:
        query = _FOLLOW
        arguments: list[object] = [after, upto, limit]
        if wanted.stream is not None:
            arguments += [wanted.stream.id, wanted.stream.kind]
            query += f" and stream_id = ${len(arguments) - 1} and stream_kind = ${len(arguments)}"
        if wanted.types:
            arguments.append(list(wanted.types))
            query += f" and type = any(${len(arguments)}::text[])"
        # Within a stream both orders are the same, and the index of the stream serves one of them.
        order = "position" if wanted.stream is None else "seq"
        async with self._database.connection() as connection:
            return [_row(found) for found in await connection.fetch(f"{query} order by {order} limit $3", *arguments)]


def _row(record: asyncpg.Record) -> Row:
    return Row(*record)


def _head(record: asyncpg.Record) -> Head:
    return Head(
        StreamKey(record["kind"], record["id"]),
        record["tenant"],
        record["retention_class"],
        record["shard"],
        record["seq"],
        record["hash"],
    )
