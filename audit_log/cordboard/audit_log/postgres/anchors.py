"""The store of anchors in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence

import asyncpg
from google.protobuf.message import DecodeError

from cordboard.audit_log.anchors import Anchor, AnchoredHead, pack_heads, unpack_heads
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.record import StreamKey

_ANCHOR = "select number, anchored_at, position, streams, root, previous, signature, heads from ledger.anchor"
_ADD = """
insert into ledger.anchor (number, anchored_at, position, streams, root, previous, signature, heads)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (number) do nothing
"""
_HASHES = """
select e.stream_kind, e.stream_id, e.seq, e.hash
from unnest($1::text[], $2::text[], $3::bigint[]) as k(kind, id, seq)
join ledger.event e on e.stream_id = k.id and e.seq = k.seq and e.stream_kind = k.kind
"""


class PostgresAnchors:
    """Keeps anchors in a table that only grows."""

    def __init__(self, database: Database) -> None:
        """Make a store on a database."""
        self._database = database

    async def last(self) -> Anchor | None:
        """Give the newest anchor; see AnchorStore.last."""
        async with self._database.connection() as connection:
            found = await connection.fetchrow(f"{_ANCHOR} order by number desc limit 1")
        return _anchor(found) if found else None

    async def add(self, anchor: Anchor, heads: Sequence[AnchoredHead]) -> bool:
        """Keep an anchor; see AnchorStore.add."""
        values = (
            anchor.number,
            anchor.anchored_at,
            anchor.position,
            anchor.streams,
            anchor.root,
            anchor.previous,
            anchor.signature,
            pack_heads(heads),
        )
        async with self._database.connection() as connection:
            return bool(await connection.execute(_ADD, *values) == "INSERT 0 1")

    async def page(self, after: int, limit: int) -> list[tuple[Anchor, list[AnchoredHead]]]:
        """Give anchors; see AnchorStore.page. Heads that cannot be read are none, so that the root tells."""
        async with self._database.connection() as connection:
            found = await connection.fetch(f"{_ANCHOR} where number > $1 order by number limit $2", after, limit)
        return [(_anchor(one), _heads(one["heads"])) for one in found]

    async def hashes(self, places: Iterable[tuple[StreamKey, int]]) -> Mapping[tuple[StreamKey, int], bytes]:
        """Give hashes of rows; see AnchorStore.hashes."""
        wanted = list(places)
        columns = ([key.kind for key, _ in wanted], [key.id for key, _ in wanted], [seq for _, seq in wanted])
        async with self._database.connection() as connection:
            found = await connection.fetch(_HASHES, *columns)
        return {(StreamKey(one["stream_kind"], one["stream_id"]), one["seq"]): one["hash"] for one in found}


def _anchor(found: asyncpg.Record) -> Anchor:
    return Anchor(
        found["number"],
        found["anchored_at"],
        found["position"],
        found["streams"],
        found["root"],
        found["previous"],
        found["signature"],
    )


def _heads(kept: bytes) -> list[AnchoredHead]:
    try:
        return unpack_heads(kept)
    except DecodeError:
        return []
