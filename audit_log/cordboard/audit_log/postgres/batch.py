"""A batch of appends, and the one transaction that makes it durable."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.event_store import Appended
from cordboard.audit_log.postgres.database import Session
from cordboard.audit_log.postgres.stored_keys import change_key
from cordboard.audit_log.record import Row
from cordboard.audit_log.stored_keys import KeyChange
from cordboard.core.errors import UnavailableError

# The fence and the heads in one statement: without the lease no head moves, and the row count tells.
_HEADS = """
with fence as (
    update ledger.shard set position = $3 where shard = $1 and epoch = $2 and position = $4 returning shard
)
insert into ledger.stream (kind, id, tenant, retention_class, shard, seq, hash)
select h.kind, h.id, h.tenant, h.retention_class, fence.shard, h.seq, h.hash
from fence, unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bytea[])
    as h(kind, id, tenant, retention_class, seq, hash)
on conflict (kind, id) do update set seq = excluded.seq, hash = excluded.hash
"""
_CALLS = """
insert into ledger.call (call_id, tenant, request_id, token_id, args_digest, vertical, opened_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_KEYS = "insert into ledger.call_key (call_id, tenant, kek_id, wrapped_key) values ($1, $2, $3, $4)"


@dataclass(slots=True)
class Append:
    """One producer's request and the future that tells it the outcome."""

    drafts: Sequence[Draft]
    opening: Opening | None
    change: KeyChange | None
    done: asyncio.Future[Appended]

    def fail(self, error: Exception) -> None:
        """Tell the producer why it failed, unless it has gone."""
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(slots=True)
class Batch:
    """Rows on their way to PostgreSQL, and what to answer when they are there."""

    position_before: int
    rows: list[Row] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    changes: list[KeyChange] = field(default_factory=list)
    answers: list[tuple[Append, Appended]] = field(default_factory=list)
    handed_over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when PostgreSQL has the rows and works on them: the moment to prepare the next batch."""

    def succeed(self) -> None:
        """Answer the producers."""
        for append, appended in self.answers:
            if not append.done.done():
                append.done.set_result(appended)

    def fail(self, error: Exception) -> None:
        """Tell the producers why it failed."""
        for append, _ in self.answers:
            append.fail(error)


async def commit(connection: Session, batch: Batch, shard: int, epoch: int) -> None:
    """Write a batch in one transaction. Raises UnavailableError(LEDGER_AWAY) when the lease is lost."""
    newest = {(row.stream_kind, row.stream_id): row for row in batch.rows}
    heads = list(newest.values())
    async with connection.transaction():
        status = await connection.execute(
            _HEADS,
            shard,
            epoch,
            batch.rows[-1].position,
            batch.position_before,
            [row.stream_kind for row in heads],
            [row.stream_id for row in heads],
            [row.tenant for row in heads],
            [row.retention_class for row in heads],
            [row.seq for row in heads],
            [row.hash for row in heads],
        )
        if status != f"INSERT 0 {len(heads)}":
            raise UnavailableError("LEDGER_AWAY", "another appender has taken the shard")
        # Who waits for it runs when the rows are in the socket and this task waits for the answer.
        batch.handed_over.set()
        await connection.copy_records_to_table("event", schema_name="ledger", records=batch.rows, columns=Row._fields)
        if batch.openings:
            await _insert_openings(connection, batch.openings)
        for change in batch.changes:
            await change_key(connection, change)


async def _insert_openings(connection: Session, openings: Sequence[Opening]) -> None:
    await connection.executemany(
        _CALLS,
        [
            (
                one.call_id,
                one.tenant,
                one.request_id,
                one.token_id or None,
                one.args_digest,
                one.vertical,
                one.opened_at,
            )
            for one in openings
        ],
    )
    await connection.executemany(_KEYS, [(one.call_id, one.tenant, one.kek_id, one.wrapped_key) for one in openings])
