"""Recomputes the chain of one stream or of all."""

from collections.abc import AsyncIterator

from cordboard.audit_log.chain import ChainCheck
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.fault import Fault, Progress
from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import NotFoundError

PAGE_ROWS = 500
PAGE_STREAMS = 200
REPORT_EVERY = 50


async def verify(store: EventStore, stream: StreamKey | None = None) -> AsyncIterator[Progress]:
    """Check a stream, or all; give progress now and then, each faulty stream at once, and the totals at the end.

    Raises NotFoundError(STREAM_NOT_FOUND) for a stream that is not there, UnavailableError(LEDGER_AWAY).
    """
    streams = events = 0
    async for key in _keys(store, stream):
        count, faults = await _check(store, key)
        streams, events = streams + 1, events + count
        if faults or streams % REPORT_EVERY == 0:
            yield Progress(streams, events, faults)
    yield Progress(streams, events)


async def _keys(store: EventStore, stream: StreamKey | None) -> AsyncIterator[StreamKey]:
    if stream is not None:
        if await store.head(stream) is None and not await store.read(stream, 0, 1):
            raise NotFoundError("STREAM_NOT_FOUND", "no such stream", stream=str(stream))
        yield stream
        return
    after: StreamKey | None = None
    while page := await store.streams(after, PAGE_STREAMS):
        for key in page:
            yield key
        after = page[-1]


async def _check(store: EventStore, key: StreamKey) -> tuple[int, list[Fault]]:
    check = ChainCheck()
    found: list[Fault] = []
    count = 0
    while True:
        while rows := await store.read(key, check.seq, PAGE_ROWS):
            count += len(rows)
            found += [Fault(key, seq, reason) for seq, reason in check.faults(rows)]
        # Rows and head move together, so a head that was read after the rows is never behind them.
        head = await store.head(key)
        if head is not None and head.seq > check.seq and await store.read(key, check.seq, 1):
            continue
        if head is None or (head.seq, head.hash) != (check.seq, check.hash):
            found.append(Fault(key, check.seq, "HEAD_MISMATCH"))
        return count, found
