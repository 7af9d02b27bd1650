"""Follows the log for what desks say of their agents, and for calls that end."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Final

from google.protobuf.message import Message

from cordboard.activities.leased_cursor import LeasedCursor
from cordboard.activities.routing.agent import AgentKey, DeskWord
from cordboard.activities.routing.routing_store import RoutingStore
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_NOT_READY, AGENT_STATE_READY, AgentStateChanged
from cordboard.call.v1.decisions_pb2 import CallAbandoned, CallCancelled, CallCompleted, CallFailed
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import CursorLease, Ledger

_log = logging.getLogger(__name__)

CURSOR: Final = "routing"
DESK_SOURCE: Final = "gateway/"
RETRY_SECONDS = 0.5

_ENDS: Final[tuple[type[Message], ...]] = (CallAbandoned, CallCancelled, CallCompleted, CallFailed)
_READ: Final[tuple[type[Message], ...]] = (AgentStateChanged, *_ENDS)
TYPES: Final = sorted(kind.DESCRIPTOR.full_name for kind in _READ)


class DeskFollower:
    """The one reader, of all workers, that tells the routing store what the log says.

    The cursor in the ledger is leased: when this process dies another goes on where the cursor stands. What is read
    twice changes nothing the second time.
    """

    def __init__(self, ledger: Ledger, store: RoutingStore, owner: str) -> None:
        """Make a follower that leases the cursor as `owner` (`component/instance/boot_id`)."""
        self._ledger = ledger
        self._store = store
        self._owner = owner
        self._done = 0

    async def run(self) -> None:
        """Follow until cancelled: wait for the lease, follow while it holds, wait again."""
        cursor = LeasedCursor(self._ledger, CURSOR, self._owner)
        while True:
            await cursor.follow(self._read, lambda: self._done)

    async def _read(self, lease: CursorLease) -> None:
        self._done = lease.position
        feed = self._ledger.subscribe(after_position=lease.position, types=TYPES)
        try:
            async for response in feed:
                for envelope in response.events:
                    await self._take(envelope)
                self._done = response.position
        finally:
            if isinstance(feed, AsyncGenerator):
                await feed.aclose()

    async def _take(self, envelope: Envelope) -> None:
        while True:
            try:
                return await self._apply(envelope)
            except UnavailableError:
                # The next reader could not store it either: this one waits for the tables, and keeps its lease.
                await asyncio.sleep(RETRY_SECONDS)
            except CordboardError as error:
                _log.error("a word of a desk was dropped", extra={"reason": error.reason, "seq": envelope.seq})
                return None

    async def _apply(self, envelope: Envelope) -> None:
        event = unpack(envelope)
        if isinstance(event, _ENDS):
            await self._store.end_call(envelope.tenant, envelope.event.stream.id)
        elif isinstance(event, AgentStateChanged) and envelope.event.source.startswith(DESK_SOURCE):
            word = to_word(envelope, event)
            if word is not None:
                await self._store.hear(word)


def to_word(envelope: Envelope, fact: AgentStateChanged) -> DeskWord | None:
    """Read what a desk said; None for what no desk can say, or when it is on another agent's stream."""
    tenant, _, agent_id = envelope.event.stream.id.partition("/")
    if envelope.event.stream.kind != "agent" or agent_id != fact.agent_id or not agent_id:
        return None
    if fact.state not in (AGENT_STATE_READY, AGENT_STATE_NOT_READY):
        return None
    return DeskWord(
        agent=AgentKey(tenant, agent_id),
        seq=envelope.seq,
        state=fact.state,
        reason=fact.reason,
        skills=frozenset(fact.skills),
        queues=frozenset(fact.queues),
        session_id=fact.session_id,
    )
