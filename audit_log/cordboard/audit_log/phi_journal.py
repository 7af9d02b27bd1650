"""Puts on record who had PHI opened outside the handling of a call."""

from collections.abc import Sequence

from cordboard.audit_log.own_events import OwnEvents
from cordboard.audit_log.record import Row, StreamKey
from cordboard.ledger.v1.envelope_pb2 import Stream
from cordboard.ledger.v1.facts_pb2 import PhiRead
from cordboard.runtime.identity import ServiceClaims


class PhiJournal:
    """Writes a PhiRead on the tenant's stream before the PHI is handed out."""

    def __init__(self, own: OwnEvents) -> None:
        """Make a journal that writes with the ledger's pen."""
        self._own = own

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
            await self._own.say(StreamKey("tenant", tenant), fact)
