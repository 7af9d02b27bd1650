"""The store of anchors in memory."""

from collections.abc import Iterable, Mapping, Sequence

from cordboard.audit_log.anchors import Anchor, AnchoredHead
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.record import StreamKey


class MemoryAnchors:
    """Keeps anchors in a list."""

    def __init__(self, events: EventStore) -> None:
        """Look rows up in the event store of the same ledger."""
        self._events = events
        self._kept: list[tuple[Anchor, list[AnchoredHead]]] = []

    async def last(self) -> Anchor | None:
        """Give the newest anchor; see AnchorStore.last."""
        return self._kept[-1][0] if self._kept else None

    async def add(self, anchor: Anchor, heads: Sequence[AnchoredHead]) -> bool:
        """Keep an anchor; see AnchorStore.add."""
        if any(one.number == anchor.number for one, _ in self._kept):
            return False
        self._kept.append((anchor, list(heads)))
        return True

    async def page(self, after: int, limit: int) -> list[tuple[Anchor, list[AnchoredHead]]]:
        """Give anchors; see AnchorStore.page."""
        return [one for one in self._kept if one[0].number > after][:limit]

    async def hashes(self, places: Iterable[tuple[StreamKey, int]]) -> Mapping[tuple[StreamKey, int], bytes]:
        """Give hashes of rows; see AnchorStore.hashes."""
        found: dict[tuple[StreamKey, int], bytes] = {}
        for stream, seq in places:
            for row in await self._events.read(stream, seq - 1, 1):
                found[stream, row.seq] = row.hash
        return found
