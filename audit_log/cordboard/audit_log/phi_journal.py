"""Puts on record who had PHI opened outside the handling of a call."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from cordboard.audit_log.event_codec import to_draft
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.record import Row, StreamKey
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.ledger.v1.facts_pb2 import PhiRead
from cordboard.runtime.identity import ServiceClaims


class PhiJournal:
    """Writes a PhiRead on the tenant's stream before the PHI is handed out."""

    def __init__(self, store: EventStore, source: str, clock: Callable[[], datetime]) -> None:
        """Make a journal that writes as `source`."""
        self._store = store
        self._source = source
        self._clock = clock
        self._lock = asyncio.Lock()
        self._numbers: dict[str, int] = {}
        self._lane = 0

    async def note(self, reader: ServiceClaims, rows: Sequence[Row], on_behalf_of: str = "") -> None:
        """Put on record that the sealed parts of rows are about to be opened, and for whom. Raises UnavailableError."""
        opened: dict[tuple[str, StreamKey], list[int]] = {}
        for row in rows:
            if row.sealed is not None:
                opened.setdefault((row.tenant, StreamKey(row.stream_kind, row.stream_id)), []).append(row.seq)
        for (tenant, stream), seqs in opened.items():
            fact = PhiRead(
                stream=Stream(kind=stream.kind, id=stream.id),
                reader=f"{reader.component}/{reader.instance}",
                first_seq=min(seqs),
                last_seq=max(seqs),
                on_behalf_of=on_behalf_of,
            )
            async with self._lock:
                await self._append(tenant, fact)

    async def _append(self, tenant: str, fact: PhiRead) -> None:
        number = self._numbers.get(tenant, 0) + 1
        source = f"{self._source}-phi{self._lane}"
        event = NewEvent(stream=Stream(kind="tenant", id=tenant), source=source, source_seq=number, actor="engine")
        event.event.Pack(fact)
        event.occurred_at.FromDatetime(self._clock())
        try:
            await self._store.append([to_draft(event, None)])
        except BaseException:
            # It may or may not be on the log, so its number may be used: go on under a name of its own.
            self._lane, self._numbers = self._lane + 1, {}
            raise
        self._numbers[tenant] = number
