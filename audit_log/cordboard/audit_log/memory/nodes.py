"""The node store in memory."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from cordboard.audit_log.nodes import LEASE, NodeEntry, Placement, lease_lost, no_node, reused


@dataclass(frozen=True, slots=True)
class _Placed:
    request_id: str
    call_id: str
    kind: int
    node_id: str
    epoch: int


class MemoryNodes:
    """Keeps nodes for as long as the process lives."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Make an empty store."""
        self._clock = clock
        self._nodes: dict[str, tuple[NodeEntry, datetime]] = {}
        self._placed: list[_Placed] = []

    async def register(self, node: NodeEntry) -> None:
        """Enter a process; see NodeStore.register."""
        self._nodes[node.node_id] = (node, self._clock() + LEASE)

    async def heartbeat(self, node: NodeEntry) -> None:
        """Renew the lease; see NodeStore.heartbeat."""
        known = self._nodes.get(node.node_id)
        if known is None or known[0].boot_id != node.boot_id:
            raise lease_lost(node)
        self._nodes[node.node_id] = (node, self._clock() + LEASE)

    async def place(self, request_id: str, call_id: str, kind: int, avoid: Collection[str]) -> Placement:
        """Choose a node; see NodeStore.place."""
        for one in self._placed:
            if one.request_id == request_id:
                if (one.call_id, one.kind) != (call_id, kind):
                    raise reused(request_id)
                return Placement(self._nodes[one.node_id][0], one.epoch)
        free = [node for node in await self.live(kind) if node.node_id not in avoid and _has_room(node)]
        if not free:
            raise no_node(kind)
        chosen = min(free, key=lambda node: (node.load, node.node_id))
        _, expires_at = self._nodes[chosen.node_id]
        self._nodes[chosen.node_id] = (replace(chosen, load=chosen.load + 1, capacity=chosen.capacity - 1), expires_at)
        epoch = 1 + max((one.epoch for one in self._placed if (one.call_id, one.kind) == (call_id, kind)), default=0)
        self._placed.append(_Placed(request_id, call_id, kind, chosen.node_id, epoch))
        return Placement(self._nodes[chosen.node_id][0], epoch)

    async def placement(self, call_id: str, kind: int) -> Placement | None:
        """Give the newest placement of a call; see NodeStore.placement."""
        placed = [one for one in self._placed if one.call_id == call_id and kind in (0, one.kind)]
        return Placement(self._nodes[placed[-1].node_id][0], placed[-1].epoch) if placed else None

    async def live(self, kind: int) -> list[NodeEntry]:
        """List the live nodes; see NodeStore.live."""
        now = self._clock()
        found = [node for node, until in self._nodes.values() if until > now and kind in (0, node.kind)]
        return sorted(found, key=lambda node: node.node_id)


def _has_room(node: NodeEntry) -> bool:
    return node.capacity > 0 and not node.draining
