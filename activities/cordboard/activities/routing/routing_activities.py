"""The activities by which calls wait for human agents, and take and leave them."""

from datetime import UTC
from typing import Protocol

from temporalio import activity

from cordboard.activities.routing.agent import AgentKey
from cordboard.activities.routing.queue_entry import Wait
from cordboard.activities.routing.routing_store import ReservationKey, RoutingStore
from cordboard.activity.v1.routing_activities_pb2 import (
    RoutingCancelInput,
    RoutingConfirmInput,
    RoutingEnqueueInput,
    RoutingReleaseInput,
)
from cordboard.core import reasons
from cordboard.core.errors import InvalidError


class _Reserved(Protocol):
    @property
    def call_id(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def reservation_epoch(self) -> int: ...


class RoutingActivities:
    """The calls' side of the routing store. Each activity may be repeated; see cordboard.workflows.routing_stubs."""

    def __init__(self, store: RoutingStore) -> None:
        self._store = store

    @activity.defn
    async def routing_enqueue(self, wait: RoutingEnqueueInput) -> None:
        """Put a call into a queue."""
        _require(call_id=wait.call_id, tenant=wait.tenant, queue=wait.queue, ordinal=wait.ordinal)
        await self._store.enqueue(
            Wait(
                tenant=wait.tenant,
                call_id=wait.call_id,
                queue=wait.queue,
                ordinal=wait.ordinal,
                skills=frozenset(wait.skills),
                priority=wait.priority,
                since=wait.since.ToDatetime(UTC) if wait.HasField("since") else None,
            )
        )

    @activity.defn
    async def routing_cancel(self, wait: RoutingCancelInput) -> None:
        """Take a call out of its queue."""
        _require(call_id=wait.call_id, tenant=wait.tenant, ordinal=wait.ordinal)
        await self._store.cancel(Wait(tenant=wait.tenant, call_id=wait.call_id, queue="", ordinal=wait.ordinal))

    @activity.defn
    async def routing_confirm(self, taken: RoutingConfirmInput) -> None:
        """Note that the agent took the call."""
        await self._store.confirm(_key_of(taken))

    @activity.defn
    async def routing_release(self, left: RoutingReleaseInput) -> None:
        """Give an agent back."""
        await self._store.release(_key_of(left), left.next_state, left.reason)


def _key_of(named: _Reserved) -> ReservationKey:
    _require(
        call_id=named.call_id,
        tenant=named.tenant,
        agent_id=named.agent_id,
        reservation_epoch=named.reservation_epoch,
    )
    return ReservationKey(AgentKey(named.tenant, named.agent_id), named.reservation_epoch, named.call_id)


def _require(**fields: str | int) -> None:
    """Raise InvalidError(FIELD_MISSING) for the first field that is empty."""
    for name, value in fields.items():
        if not value:
            raise InvalidError(reasons.FIELD_MISSING, "a field is missing", field=name)
