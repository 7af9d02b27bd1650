"""What the ledger itself puts on record."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from google.protobuf.message import Message

from cordboard.audit_log.event_codec import to_draft
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stored_keys import KeyChange
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream

ENGINE = "engine"
KEEP_STREAMS = 1000


class OwnEvents:
    """Appends the ledger's own facts, numbered under a name of its own. None of them holds PHI."""

    def __init__(self, store: EventStore, source: str, clock: Callable[[], datetime]) -> None:
        """Make a pen that writes as `source`."""
        self._store = store
        self._source = source
        self._clock = clock
        self._lock = asyncio.Lock()
        self._numbers: dict[StreamKey, int] = {}
        self._lane = 0

    async def say(self, stream: StreamKey, fact: Message, actor: str = ENGINE, change: KeyChange | None = None) -> None:
        """Put a fact on record, and with it change a call's key; returns when durable. Raises as EventStore.append."""
        async with self._lock:
            if stream not in self._numbers and len(self._numbers) >= KEEP_STREAMS:
                self._begin_anew()
            number = self._numbers.get(stream, 0) + 1
            event = NewEvent(
                stream=Stream(kind=stream.kind, id=stream.id),
                source=f"{self._source}-own{self._lane}",
                source_seq=number,
                actor=actor,
            )
            event.event.Pack(fact)
            event.occurred_at.FromDatetime(self._clock())
            try:
                await self._store.append([to_draft(event, None)], change=change)
            except BaseException:
                # It may or may not be on the log, so its number may be used: go on under a name of its own.
                self._begin_anew()
                raise
            self._numbers[stream] = number

    def _begin_anew(self) -> None:
        self._lane, self._numbers = self._lane + 1, {}
