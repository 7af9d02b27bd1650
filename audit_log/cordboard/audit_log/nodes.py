"""Processes that carry media and voice, and which of them carries which call."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from cordboard.core.errors import ConflictError, UnavailableError

LEASE = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A registered process; `load` are the calls it carries, of at most `capacity` more."""

    node_id: str
    kind: int
    address: str
    boot_id: str
    capacity: int
    load: int
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A call on a node; a higher epoch fences the lower."""

    node: NodeEntry
    placement_epoch: int


class NodeStore(Protocol):
    """Keeps nodes, their leases and the calls' placements."""

    async def register(self, node: NodeEntry) -> None:
        """Enter a process, in place of an earlier life of the same id."""
        ...

    async def heartbeat(self, node: NodeEntry) -> None:
        """Renew the lease and take over load, capacity and draining. Raises ConflictError(LEASE_LOST)."""
        ...

    async def place(self, request_id: str, call_id: str, kind: int, avoid: Collection[str]) -> Placement:
        """Choose the least loaded live node with room and raise the call's epoch; a repeat gets the same answer.

        Raises UnavailableError(NO_NODE), ConflictError(REQUEST_ID_REUSED).
        """
        ...

    async def placement(self, call_id: str, kind: int) -> Placement | None:
        """Give the newest placement of a call; of any kind when `kind` is 0."""
        ...

    async def live(self, kind: int) -> list[NodeEntry]:
        """List the nodes whose lease holds, of every kind when `kind` is 0."""
        ...


def lease_lost(node: NodeEntry) -> ConflictError:
    """Make the error for a heartbeat of a process that is not entered, or no longer."""
    return ConflictError("LEASE_LOST", "the process is not registered", node_id=node.node_id)


def no_node(kind: int) -> UnavailableError:
    """Make the error for a call that no node can take."""
    return UnavailableError("NO_NODE", "no live node has room", kind=str(kind))


def reused(request_id: str) -> ConflictError:
    """Make the error for a request id that stands for another placement."""
    return ConflictError("REQUEST_ID_REUSED", "the request id was used for another call", request_id=request_id)
