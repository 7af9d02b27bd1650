"""The event store in memory."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from cordboard.audit_log.draft import CALL, Draft, Opening, retention_class_of, tenant_of
from cordboard.audit_log.event_store import ALL, Appended, LogFilter
from cordboard.audit_log.memory.stored_keys import MemoryKeys
from cordboard.audit_log.record import Head, Row, StreamKey
from cordboard.audit_log.stored_keys import KeyChange
from cordboard.audit_log.stream_state import Place, StreamState, check, link, seqs_of
from cordboard.core.errors import NotFoundError


class MemoryEventStore:
    """Keeps every promise of EventStore but durability."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        calls: dict[str, Opening] | None = None,
        keys: MemoryKeys | None = None,
    ) -> None:
        """Make an empty store; `calls` is shared with the MemoryCalls of the same ledger, so are its `keys`."""
        self._clock = clock
        self._calls = {} if calls is None else calls
        self._keys = keys or MemoryKeys()
        self._states: dict[StreamKey, StreamState] = {}
        self._rows: dict[StreamKey, list[Row]] = {}
        self._log: list[Row] = []
        self._changed = asyncio.Event()

    async def append(
        self, drafts: Sequence[Draft], *, opening: Opening | None = None, change: KeyChange | None = None
    ) -> Appended:
        """Append all drafts or none; see EventStore.append."""
        states = {draft.stream: self._state(draft.stream, opening) for draft in drafts}
        fresh = check(drafts, states, {})
        place = Place(position=len(self._log), shard=0, recorded_at=self._clock())
        if change is not None:
            self._keys.check(change)
            self._keys.apply(change)
        if opening is not None:
            self._calls[opening.call_id] = opening
            self._keys.open(opening)
        self._states.update(states)
        for row in link([drafts[index] for index in fresh], states, place):
            self._rows.setdefault(StreamKey(row.stream_kind, row.stream_id), []).append(row)
            self._log.append(row)
        self._changed.set()
        self._changed = asyncio.Event()
        return Appended(seqs_of(drafts, states, {}), len(drafts) - len(fresh))

    async def read(self, stream: StreamKey, after_seq: int, limit: int) -> list[Row]:
        """Give rows of a stream; see EventStore.read."""
        return self._rows.get(stream, [])[after_seq : after_seq + limit]

    async def follow(self, after_position: int, limit: int, wanted: LogFilter = ALL) -> tuple[list[Row], int]:
        """Give committed rows; see EventStore.follow."""
        rows: list[Row] = []
        for row in self._log[after_position:]:
            if wanted.takes(row):
                rows.append(row)
                if len(rows) == limit:
                    return rows, row.position
        return rows, max(after_position, len(self._log))

    async def wait_beyond(self, position: int) -> int:
        """Wait for what comes; see EventStore.wait_beyond."""
        while len(self._log) <= position:
            await self._changed.wait()
        return len(self._log)

    async def head(self, stream: StreamKey) -> Head | None:
        """Give the newest end of a stream; see EventStore.head."""
        state = self._states.get(stream)
        if state is None:
            return None
        return Head(state.key, state.tenant, state.retention_class, state.shard, state.seq, state.hash)

    async def list_heads(self, kind: str, tenant: str, before_id: str, limit: int) -> list[Head]:
        """Give heads in descending order; see EventStore.list_heads."""
        keys = sorted(
            (
                key
                for key, state in self._states.items()
                if key.kind == kind and (not tenant or state.tenant == tenant) and (not before_id or key.id < before_id)
            ),
            reverse=True,
        )
        heads = [await self.head(key) for key in keys[:limit]]
        return [head for head in heads if head is not None]

    async def streams(self, after: StreamKey | None, limit: int) -> list[StreamKey]:
        """Give streams in order; see EventStore.streams."""
        return sorted(key for key in self._states if after is None or key > after)[:limit]

    def _state(self, stream: StreamKey, opening: Opening | None) -> StreamState:
        state = self._states.get(stream)
        if state is not None:
            return state
        tenant = tenant_of(stream)
        if stream.kind == CALL:
            if opening is None or opening.call_id != stream.id:
                raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=stream.id)
            tenant = opening.tenant
        return StreamState(stream, tenant, retention_class_of(stream), shard=0)
