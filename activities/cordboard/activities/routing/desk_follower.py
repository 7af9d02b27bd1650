"""Follows the log for what desks say of their agents, and for calls that end."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Final

from google.protobuf.message import Message

from cordboard.activities.routing.agent import AgentKey, DeskWord
from cordboard.activities.routing.race import until_first
from cordboard.activities.routing.routing_store import RoutingStore
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_NOT_READY, AGENT_STATE_READY, AgentStateChanged
from cordboard.call.v1.decisions_pb2 import CallAbandoned, CallCancelled, CallCompleted, CallFailed
from cordboard.core.errors import ConflictError, CordboardError, UnavailableError
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import CursorLease, Ledger

_log = logging.getLogger(__name__)

CURSOR: Final = "routing"
DESK_SOURCE: Final = "gateway/"
RENEW_EVERY = 0.5
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
        while True:
            try:
                lease = await self._ledger.lease_cursor(CURSOR, self._owner)
                self._done = lease.position
                _log.info("following desks", extra={"position": lease.position, "epoch": lease.lease_epoch})
                await until_first(self._keep(lease), self._read(lease))
            except (ConflictError, UnavailableError) as error:
                if error.reason != "CURSOR_HELD":
                    _log.warning("the desks' follower waits", extra={"reason": error.reason})
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self, lease: CursorLease) -> None:
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

    async def _keep(self, lease: CursorLease) -> None:
        """Renew the lease and move the cursor. Ends when the lease is no longer ours, or may be no longer."""
        loop = asyncio.get_running_loop()
        valid_until = loop.time() + lease.lease_seconds
        committed = lease.position
        while True:
            await asyncio.sleep(min(RENEW_EVERY, lease.lease_seconds / 3))
            asked_at = loop.time()
            try:
                renewed = await self._ledger.lease_cursor(CURSOR, self._owner)
                if renewed.lease_epoch != lease.lease_epoch:
                    return
                valid_until = asked_at + renewed.lease_seconds
                if self._done > committed:
                    committed = self._done
                    await self._ledger.commit_cursor(CURSOR, lease.lease_epoch, committed)
            except UnavailableError:
                if loop.time() > valid_until:
                    return


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
