"""The registry kept in memory: the twin that tests of the calls' activities run against."""

from collections.abc import Sequence

from cordboard.activities.node_registry import Placement
from cordboard.core.errors import UnavailableError
from cordboard.registry.v1.node_registry_service_pb2 import Node, NodeKind


class MemoryNodeRegistry:
    """Places calls on the nodes that were added, the least loaded first."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[NodeKind.ValueType, str], Node] = {}
        self._placements: dict[str, Placement] = {}
        self._epochs: dict[tuple[str, NodeKind.ValueType], int] = {}

    def add(self, node: Node) -> None:
        """Let a process live."""
        self._nodes[node.kind, node.node_id] = node

    def remove(self, kind: NodeKind.ValueType, node_id: str) -> None:
        """Let a process's lease run out."""
        self._nodes.pop((kind, node_id), None)

    async def place(
        self, *, request_id: str, call_id: str, kind: NodeKind.ValueType, avoid: Sequence[str] = ()
    ) -> Placement:
        """Choose a live node; see NodeRegistry.place."""
        if request_id in self._placements:
            return self._placements[request_id]
        living = [
            node
            for node in self._nodes.values()
            if node.kind == kind and node.node_id not in avoid and not node.draining
        ]
        if not living:
            raise UnavailableError("NO_NODE", "no process of that kind can take the call")
        self._epochs[call_id, kind] = self._epochs.get((call_id, kind), 0) + 1
        node = min(living, key=lambda one: (one.load, one.node_id))
        placement = Placement(node, self._epochs[call_id, kind])
        self._placements[request_id] = placement
        return placement

    async def live(self, kind: NodeKind.ValueType) -> Sequence[Node]:
        """List the processes that live; see NodeRegistry.live."""
        return [node for node in self._nodes.values() if node.kind == kind]
