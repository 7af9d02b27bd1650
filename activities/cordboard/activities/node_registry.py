"""Which processes carry media and voice: the registry in the ledger process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import grpc

from cordboard.registry.v1.node_registry_service_pb2 import (
    Node,
    NodeKind,
    PlaceRequest,
    ResolveRequest,
)
from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceStub
from cordboard.runtime.error_table import translate_errors

DEADLINE = 0.8
"""Seconds that one question may take; a local activity that asks has to end within a second."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The registry's choice for a call."""

    node: Node
    placement_epoch: int


class NodeRegistry(Protocol):
    """Places calls. One implementation asks the ledger process, the other keeps nodes in memory."""

    async def place(
        self, *, request_id: str, call_id: str, kind: NodeKind.ValueType, avoid: Sequence[str] = ()
    ) -> Placement:
        """Choose a live node; the same request gets the same one.

        Raises UnavailableError, with reason NO_NODE when no live node has room.
        """
        ...

    async def live(self, kind: NodeKind.ValueType) -> Sequence[Node]:
        """List the processes whose lease runs. Raises UnavailableError."""
        ...


class NodeRegistryClient:
    """The registry, asked over gRPC."""

    def __init__(self, channel: grpc.aio.Channel, *, deadline: float = DEADLINE) -> None:
        self._stub = NodeRegistryServiceStub(channel)
        self._deadline = deadline

    async def place(
        self, *, request_id: str, call_id: str, kind: NodeKind.ValueType, avoid: Sequence[str] = ()
    ) -> Placement:
        """Choose a live node; see NodeRegistry.place."""
        request = PlaceRequest(request_id=request_id, call_id=call_id, kind=kind, avoid=avoid)
        async with translate_errors():
            response = await self._stub.Place(request, timeout=self._deadline)
        return Placement(response.node, response.placement_epoch)

    async def live(self, kind: NodeKind.ValueType) -> Sequence[Node]:
        """List the processes whose lease runs; see NodeRegistry.live."""
        async with translate_errors():
            response = await self._stub.Resolve(ResolveRequest(kind=kind), timeout=self._deadline)
        return [node for node in response.nodes if node.kind == kind]
