"""Notices media nodes that are gone, and tells the calls on them."""

import asyncio
import logging
import time
from collections.abc import Callable

from cordboard.activities.call_signals import CallSignals
from cordboard.activities.node_registry import NodeRegistry
from cordboard.call.v1.call_workflow_pb2 import NodeLost
from cordboard.core.errors import CordboardError
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA

_log = logging.getLogger(__name__)

EVERY = 1.0
LEASE = 6.0
"""Seconds for which a node counts as alive after its last heartbeat; the registry's own figure."""


class NodeWatch:
    """Compares, once a second, the media nodes that live with those that lived before.

    A node that was started anew under its old name counts as lost: its rooms are gone. Each worker watches; a call
    that is told twice acts once.

    Leases run out while the registry is away, for no node can renew its own then. So after a look that failed an
    absence means nothing until every node had a whole lease's time to be heard again.
    """

    def __init__(
        self,
        registry: NodeRegistry,
        signals: CallSignals,
        *,
        every: float = EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._signals = signals
        self._every = every
        self._monotonic = monotonic
        self._failed = False
        self._trusted_from = 0.0
        self._known: dict[str, str] = {}
        self._lost: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Watch until cancelled; the registry's or Temporal's absence is waited out."""
        while True:
            try:
                await self.look()
            except CordboardError as error:
                _log.info("nodes cannot be watched now", extra={"reason": error.reason})
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """Compare once. Raises CordboardError; what was noticed is told at the next look."""
        living = await self._living()
        trusted = self._monotonic() >= self._trusted_from
        known = dict(living)
        for node_id, boot_id in self._known.items():
            if node_id in living or trusted:
                if living.get(node_id) != boot_id:
                    self._lost.add((node_id, boot_id))
            else:
                known[node_id] = boot_id
        self._known = known
        for node_id, boot_id in sorted(self._lost):
            _log.warning("a media node is gone", extra={"node_id": node_id, "boot_id": boot_id})
            await self._signals.lose_node(NodeLost(node_id=node_id, boot_id=boot_id))
            self._lost.discard((node_id, boot_id))

    async def _living(self) -> dict[str, str]:
        try:
            nodes = await self._registry.live(NODE_KIND_MEDIA)
        except CordboardError:
            self._failed = True
            raise
        if self._failed:
            self._failed, self._trusted_from = False, self._monotonic() + LEASE
        return {node.node_id: node.boot_id for node in nodes}
