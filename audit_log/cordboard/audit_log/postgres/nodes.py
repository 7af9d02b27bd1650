"""The node store in PostgreSQL."""

from collections.abc import Callable, Collection
from datetime import datetime

import asyncpg

from cordboard.audit_log.nodes import LEASE, NodeEntry, Placement, lease_lost, no_node, reused
from cordboard.audit_log.postgres.database import Database, Session

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
_REPEATED = "select call_id, kind, placement_epoch, node_id from ledger.placement where request_id = $1"
# The load is what the node last reported plus what was placed on it since.
_CHOOSE = f"""
update ledger.node n set load = n.load + 1, capacity = n.capacity - 1
where n.node_id = (
    select node_id from ledger.node
    where kind = $1 and expires_at > $2 and not draining and capacity > 0 and node_id <> all($3::text[])
    order by load, node_id limit 1 for update
)
returning {_NODE}
"""  # noqa: S608
_PLACE = """
insert into ledger.placement (call_id, kind, placement_epoch, request_id, node_id, placed_at)
select $1, $2, coalesce(max(placement_epoch), 0) + 1, $3, $4, $5
from ledger.placement where call_id = $1 and kind = $2
returning placement_epoch
"""
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
        async with self._database.connection() as connection, connection.transaction():
            # One placement at a time: two requests for the same call must not get the same epoch.
            await connection.execute("select pg_advisory_xact_lock(hashtext('cordboard.place'))")
            repeated = await connection.fetchrow(_REPEATED, request_id)
            if repeated is not None:
                if (repeated["call_id"], repeated["kind"]) != (call_id, kind):
                    raise reused(request_id)
                return Placement(await _node(connection, repeated["node_id"]), repeated["placement_epoch"])
            now = self._clock()
            chosen = await connection.fetchrow(_CHOOSE, kind, now, list(avoid))
            if chosen is None:
                raise no_node(kind)
            epoch: int = await connection.fetchval(_PLACE, call_id, kind, request_id, chosen["node_id"], now)
            return Placement(_entry(chosen), epoch)

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


async def _node(connection: Session, node_id: str) -> NodeEntry:
    found = await connection.fetchrow(f"select {_NODE} from ledger.node n where n.node_id = $1", node_id)  # noqa: S608
    assert found is not None  # nodes are never removed
    return _entry(found)


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
