"""States of streams that were written to lately; the rest is loaded from PostgreSQL when it is needed."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from cordboard.audit_log.draft import CALL, Opening, retention_class_of, tenant_of
from cordboard.audit_log.postgres.database import Session
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stream_state import Number, StreamState
from cordboard.core.errors import NotFoundError

KEEP_STREAMS = 20_000
# More than what can be on its way to the database at once, so that a number is always here or there.
KEEP_NUMBERS = 2048

_HEADS = """
select s.kind, s.id, s.tenant, s.retention_class, s.shard, s.seq, s.hash
from unnest($1::text[], $2::text[]) as k(kind, id) join ledger.stream s using (kind, id)
"""
_COUNTERS = """
select e.stream_kind, e.stream_id, e.source, max(e.source_seq) as last
from unnest($1::text[], $2::text[]) as k(kind, id)
join ledger.event e on e.stream_id = k.id and e.stream_kind = k.kind
group by 1, 2, 3
"""
_NUMBERS = """
select e.stream_kind, e.stream_id, e.source, e.source_seq, e.seq, e.dedupe
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as k(kind, id, source, source_seq)
join ledger.event e
    on e.stream_id = k.id and e.stream_kind = k.kind and e.source = k.source and e.source_seq = k.source_seq
"""


class StreamCache:
    """The appender's memory. Only valid while it holds its lease."""

    def __init__(self, shard: int) -> None:
        """Make an empty cache."""
        self._shard = shard
        self.states: OrderedDict[StreamKey, StreamState] = OrderedDict()

    def clear(self) -> None:
        """Forget everything."""
        self.states.clear()

    def missing(self, keys: Iterable[StreamKey]) -> list[StreamKey]:
        """Tell which streams are not here."""
        return [key for key in dict.fromkeys(keys) if key not in self.states]

    async def load(self, connection: Session, keys: Sequence[StreamKey]) -> None:
        """Load the streams that exist."""
        columns = ([key.kind for key in keys], [key.id for key in keys])
        for head in await connection.fetch(_HEADS, *columns):
            key = StreamKey(head["kind"], head["id"])
            self.states[key] = StreamState(
                key, head["tenant"], head["retention_class"], head["shard"], head["seq"], head["hash"]
            )
        for counter in await connection.fetch(_COUNTERS, *columns):
            state = self.states.get(StreamKey(counter["stream_kind"], counter["stream_id"]))
            if state is not None:
                state.counters[counter["source"]] = counter["last"]

    def state(self, key: StreamKey, opening: Opening | None) -> StreamState:
        """Give a stream's state, a new one where a stream may begin. Raises NotFoundError(STREAM_NOT_FOUND)."""
        state = self.states.get(key)
        if state is not None:
            self.states.move_to_end(key)
            return state
        tenant = tenant_of(key)
        if key.kind == CALL:
            if opening is None or opening.call_id != key.id:
                raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=key.id)
            tenant = opening.tenant
        return StreamState(key, tenant, retention_class_of(key), self._shard)

    def keep(self, state: StreamState) -> None:
        """Remember a state that has moved on."""
        self.states[state.key] = state

    def trim(self, touched: Iterable[StreamKey]) -> None:
        """Forget what was not used for long, and old numbers of the streams that were just written to.

        Streams with rows on their way were used last, so they are never among those forgotten.
        """
        while len(self.states) > KEEP_STREAMS:
            self.states.popitem(last=False)
        for key in touched:
            state = self.states.get(key)
            while state is not None and len(state.recent) > KEEP_NUMBERS:
                state.recent.popitem(last=False)


async def load_numbers(connection: Session, numbers: Sequence[Number]) -> dict[Number, tuple[int, bytes]]:
    """Give seq and digest of producers' numbers that are on the log."""
    found = await connection.fetch(
        _NUMBERS,
        [stream.kind for stream, _, _ in numbers],
        [stream.id for stream, _, _ in numbers],
        [source for _, source, _ in numbers],
        [source_seq for _, _, source_seq in numbers],
    )
    return {
        (StreamKey(row["stream_kind"], row["stream_id"]), row["source"], row["source_seq"]): (row["seq"], row["dedupe"])
        for row in found
    }
