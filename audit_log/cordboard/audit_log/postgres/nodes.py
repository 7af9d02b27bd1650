"""The node store in PostgreSQL."""

from collections.abc import Callable, Collection
from datetime import datetime

import asyncpg

from cordboard.audit_log.nodes import LEASE, NodeEntry, Placement, lease_lost, no_node, reused
from cordboard.audit_log.postgres.database import Database
from cordboard.core.errors import UnavailableError

_REGISTER = """
insert into ledger.node (node_id, kind, address, boot_id, capacity, load, draining, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (node_id) do update set
    kind = excluded.kind, address = excluded.address, boot_id = excluded.boot_id, capacity = excluded.capacity,
    load = excluded.load, draining = excluded.draining, expires_at = excluded.expires_at
"""
_HEARTBEAT = """
update ledger.node set kind = $2, address = $3, capacity = $5, load = $6, draining = $7, expires_at = $8
where node_id = $1 and boot_id = $4
"""
_NODE = "n.node_id, n.kind, n.address, n.boot_id, n.capacity, n.load, n.draining"
_LIVE = f"select {_NODE} from ledger.node n where n.expires_at > $1 and ($2 = 0 or n.kind = $2) order by n.node_id"  # noqa: S608
_REPEATED = f"""
select p.call_id, p.kind as placed_kind, p.placement_epoch, {_NODE}
from ledger.placement p join ledger.node n using (node_id) where p.request_id = $1
"""  # noqa: S608
# One statement, so that a placement costs one trip. The load is what the node last reported plus what was placed on it
# since. Who loses a race (for the epoch of a call, or for one request) is told by the indexes, and looks again.
_PLACE = f"""
with chosen as (
    update ledger.node n set load = n.load + 1, capacity = n.capacity - 1
    where not exists (select 1 from ledger.placement where request_id = $1) and n.node_id = (
        select node_id from ledger.node
        where kind = $3 and expires_at > $4 and not draining and capacity > 0 and node_id <> all($5::text[])
        order by load, node_id limit 1 for update
    )
    returning {_NODE}
), placed as (
    insert into ledger.placement (call_id, kind, placement_epoch, request_id, node_id, placed_at)
    select $2, $3, 1 + coalesce(
        (select max(placement_epoch) from ledger.placement where call_id = $2 and kind = $3), 0
    ), $1, chosen.node_id, $4
    from chosen
    returning placement_epoch
)
select {_NODE}, placed.placement_epoch from chosen n, placed
"""  # noqa: S608
_RACES = 20
_PLACEMENT = f"""
select {_NODE}, p.placement_epoch from ledger.placement p join ledger.node n using (node_id)
where p.call_id = $1 and ($2 = 0 or p.kind = $2) order by p.placed_at desc, p.placement_epoch desc limit 1
"""  # noqa: S608


class PostgresNodes:
    """Keeps nodes. Leases are timed by the ledger's clock."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Make a store on a database."""
        self._database = database
        self._clock = clock

    async def register(self, node: NodeEntry) -> None:
        """Enter a process; see NodeStore.register."""
        async with self._database.connection() as connection:
            await connection.execute(_REGISTER, *self._columns(node))

    async def heartbeat(self, node: NodeEntry) -> None:
        """Renew the lease; see NodeStore.heartbeat."""
        async with self._database.connection() as connection:
            changed = await connection.execute(_HEARTBEAT, *self._columns(node))
        if changed == "UPDATE 0":
            raise lease_lost(node)

    async def place(self, request_id: str, call_id: str, kind: int, avoid: Collection[str]) -> Placement:
        """Choose a node; see NodeStore.place."""
        full = False
        for _ in range(_RACES):
            async with self._database.connection() as connection:
                try:
                    placed = await connection.fetchrow(_PLACE, request_id, call_id, kind, self._clock(), list(avoid))
                except asyncpg.UniqueViolationError:
                    continue
                if placed is not None:
                    return Placement(_entry(placed), placed["placement_epoch"])
                repeated = await connection.fetchrow(_REPEATED, request_id)
            if repeated is None and full:
                raise no_node(kind)
            if repeated is None:
                # The node that was looked at may have been filled up by somebody else while there is room on another.
                full = True
                continue
            if (repeated["call_id"], repeated["placed_kind"]) != (call_id, kind):
                raise reused(request_id)
            return Placement(_entry(repeated), repeated["placement_epoch"])
        raise UnavailableError("LEDGER_AWAY", "too many ask for the same call's placement")

    async def placement(self, call_id: str, kind: int) -> Placement | None:
        """Give the newest placement of a call; see NodeStore.placement."""
        async with self._database.connection() as connection:
            found = await connection.fetchrow(_PLACEMENT, call_id, kind)
        return Placement(_entry(found), found["placement_epoch"]) if found else None

    async def live(self, kind: int) -> list[NodeEntry]:
        """List the live nodes; see NodeStore.live."""
        async with self._database.connection() as connection:
            return [_entry(found) for found in await connection.fetch(_LIVE, self._clock(), kind)]

    def _columns(self, node: NodeEntry) -> tuple[object, ...]:
        return (
            node.node_id,
            node.kind,
            node.address,
            node.boot_id,
            node.capacity,
            node.load,
            node.draining,
            self._clock() + LEASE,
        )


def _entry(record: asyncpg.Record) -> NodeEntry:
    return NodeEntry(
        node_id=record["node_id"],
        kind=record["kind"],
        address=record["address"],
        boot_id=record["boot_id"],
        capacity=record["capacity"],
        load=record["load"],
        draining=record["draining"],
    )
