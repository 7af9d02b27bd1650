"""Routing to human agents as a part of the worker."""

from collections.abc import Callable
from typing import Any

from cordboard.activities.routing.courier import Courier
from cordboard.activities.routing.desk_follower import DeskFollower
from cordboard.activities.routing.matcher import Matcher
from cordboard.activities.routing.postgres.storage import PostgresStorage
from cordboard.activities.routing.queue_board import QueueBoard
from cordboard.activities.routing.routing_activities import RoutingActivities
from cordboard.activities.routing.routing_policy import DEFAULT, RoutingPolicy
from cordboard.activities.routing.routing_signals import RoutingSignals
from cordboard.activities.routing.routing_store import RoutingStore
from cordboard.activities.routing.table_store import TableRoutingStore
from cordboard.runtime.ledger_client import Ledger
from cordboard.runtime.race import until_first


class RoutingService:
    """What a worker runs so that its calls find human agents. All workers on one database share the work."""

    def __init__(self, store: RoutingStore, ledger: Ledger, owner: str) -> None:
        """Run over a store; `owner` is this process's `component/instance/boot_id`."""
        self._store = store
        self._ledger = ledger
        self._owner = owner

    def activities(self) -> list[Callable[..., Any]]:
        """Give the activities that calls use."""
        own = RoutingActivities(self._store)
        return [own.routing_enqueue, own.routing_cancel, own.routing_confirm, own.routing_release]

    async def run(self, signals: RoutingSignals) -> None:
        """Follow desks and match until cancelled; what is away is waited for."""
        courier = Courier(self._store, signals, self._ledger, self._owner)
        matcher = Matcher(self._store, courier, QueueBoard(signals))
        await until_first(matcher.run(), DeskFollower(self._ledger, self._store, self._owner).run())


class PostgresRouting(RoutingService):
    """Routing whose state is in PostgreSQL. Nothing is connected before it is needed."""

    def __init__(self, url: str, ledger: Ledger, owner: str, policy: RoutingPolicy = DEFAULT) -> None:
        """Name the database by its DSN."""
        self._storage = PostgresStorage(url)
        super().__init__(TableRoutingStore(self._storage, policy), ledger, owner)

    async def close(self) -> None:
        """Close the connections."""
        await self._storage.close()
