"""Where agents, waiting calls and reservations are kept: the truth of routing."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from cordboard.activities.routing.agent import Agent, AgentKey, DeskWord
from cordboard.activities.routing.notice import Notice
from cordboard.activities.routing.queue_entry import QueueEntry, Wait
from cordboard.activities.routing.reservation import Reservation
from cordboard.call.v1.agent_facts_pb2 import AgentState


@dataclass(frozen=True, slots=True)
class ReservationKey:
    """Names a reservation, and the call that speaks of it."""

    agent: AgentKey
    epoch: int
    call_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The calls that wait and the agents who are ready, of tenants with a call that waits."""

    waiting: Sequence[QueueEntry] = field(default_factory=tuple)
    ready: Sequence[Agent] = field(default_factory=tuple)


class Lead(Protocol):
    """What only the one leading matcher does. Raises UnavailableError once the lead is lost: begin again."""

    async def snapshot(self) -> Snapshot:
        """Look at who waits and who is ready."""
        ...

    async def reserve(self, wanted: Sequence[ReservationKey]) -> list[Reservation]:
        """Set agents aside for calls, and give those reservations that could still be made.

        One is refused when its epoch is not the agent's next, or when agent or call are not free any more.
        """
        ...

    async def expire(self) -> int:
        """End the reservations and wrap-ups whose time is up, and say how many."""
        ...

    async def notices(self) -> Sequence[Notice]:
        """Give what is still to be told, in order."""
        ...

    async def settle(self, told: Iterable[Notice]) -> None:
        """Forget what was told."""
        ...

    async def tidy(self) -> None:
        """Forget what has been over for long."""
        ...

    def changed(self) -> asyncio.Event:
        """Give the event that is set at the next change. Take it before looking, so that nothing falls between."""
        ...


class RoutingStore(Protocol):
    """The state of routing. One implementation keeps it in PostgreSQL, the other in memory.

    Every request may be repeated. Each raises UnavailableError(ROUTING_AWAY) while the store cannot be reached.
    """

    async def hear(self, word: DeskWord) -> None:
        """Follow a desk's word; one that is older than the newest changes nothing."""
        ...

    async def enqueue(self, wait: Wait) -> None:
        """Let a call wait; see rules.enqueue."""
        ...

    async def cancel(self, wait: Wait) -> None:
        """End a call's wait and free the agent who is set aside for it; a later wait goes on."""
        ...

    async def end_call(self, tenant: str, call_id: str) -> None:
        """Free whoever a call that is over still holds."""
        ...

    async def confirm(self, reservation: ReservationKey) -> None:
        """Let the agent be in the call. Raises WrongStateError(STALE_EPOCH) when the reservation is over."""
        ...

    async def release(self, reservation: ReservationKey, state: AgentState.ValueType, reason: str) -> None:
        """Give the agent back in a state; a call that had not confirmed waits again. Raises InvalidError."""
        ...

    def lead(self) -> AbstractAsyncContextManager[Lead]:
        """Wait for the lead, of all processes, and hold it. Another takes over as soon as the holder is gone."""
        ...
