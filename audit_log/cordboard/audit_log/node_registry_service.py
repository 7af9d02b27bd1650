"""NodeRegistryService over gRPC."""

from typing import Any

from google.protobuf.duration_pb2 import Duration

from cordboard.audit_log.nodes import LEASE, NodeEntry, NodeStore
from cordboard.core.errors import ForbiddenError, InvalidError
from cordboard.registry.v1.node_registry_service_pb2 import (
    NODE_KIND_MEDIA,
    NODE_KIND_UNSPECIFIED,
    NODE_KIND_VOICE,
    HeartbeatRequest,
    HeartbeatResponse,
    Node,
    NodeKind,
    PlaceRequest,
    PlaceResponse,
    RegisterRequest,
    RegisterResponse,
    ResolveRequest,
    ResolveResponse,
)
from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceServicer
from cordboard.runtime.grpc_server import current_service

_COMPONENTS: dict[int, str] = {NODE_KIND_MEDIA: "media-node", NODE_KIND_VOICE: "voice-agent"}


class NodeRegistryService(NodeRegistryServiceServicer):
    """Leases of nodes and placements of calls."""

    def __init__(self, nodes: NodeStore) -> None:
        """Make a service over a node store."""
        self._nodes = nodes

    async def Register(self, request: RegisterRequest, context: Any) -> RegisterResponse:
        """Enter the calling process."""
        await self._nodes.register(_own_entry(request.node))
        return RegisterResponse(lease=_lease())

    async def Heartbeat(self, request: HeartbeatRequest, context: Any) -> HeartbeatResponse:
        """Renew the calling process's lease."""
        await self._nodes.heartbeat(_own_entry(request.node))
        return HeartbeatResponse(lease=_lease())

    async def Place(self, request: PlaceRequest, context: Any) -> PlaceResponse:
        """Choose a node for a call."""
        if not request.request_id or not request.call_id or request.kind == NODE_KIND_UNSPECIFIED:
            raise InvalidError("INVALID_REQUEST", "request id, call or kind of node is missing")
        placement = await self._nodes.place(request.request_id, request.call_id, request.kind, list(request.avoid))
        return PlaceResponse(node=_node(placement.node), placement_epoch=placement.placement_epoch)

    async def Resolve(self, request: ResolveRequest, context: Any) -> ResolveResponse:
        """Tell where a call is, or what is alive."""
        if not request.call_id:
            return ResolveResponse(nodes=[_node(entry) for entry in await self._nodes.live(request.kind)])
        placement = await self._nodes.placement(request.call_id, request.kind)
        if placement is None:
            return ResolveResponse()
        return ResolveResponse(nodes=[_node(placement.node)], placement_epoch=placement.placement_epoch)


def _own_entry(node: Node) -> NodeEntry:
    """Take what a process says about itself. Raises ForbiddenError(NODE_NOT_YOURS), InvalidError."""
    claims = current_service()
    if node.node_id != claims.instance or _COMPONENTS.get(node.kind) != claims.component:
        raise ForbiddenError("NODE_NOT_YOURS", "a process enters only itself", node_id=node.node_id[:200])
    if not node.address or not node.boot_id:
        raise InvalidError("INVALID_REQUEST", "the process names no address or boot id")
    limit = 2**31 - 1
    return NodeEntry(
        node_id=node.node_id,
        kind=node.kind,
        address=node.address,
        boot_id=node.boot_id,
        capacity=min(node.capacity, limit),
        load=min(node.load, limit),
        draining=node.draining,
    )


def _node(entry: NodeEntry) -> Node:
    return Node(
        node_id=entry.node_id,
        kind=NodeKind.ValueType(entry.kind),
        address=entry.address,
        boot_id=entry.boot_id,
        capacity=max(0, entry.capacity),
        load=entry.load,
        draining=entry.draining,
    )


def _lease() -> Duration:
    lease = Duration()
    lease.FromTimedelta(LEASE)
    return lease
