"""Follows the log and hands each call the facts that its workflow decides on."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from cordboard.activities.call_signals import CallSignals
from cordboard.activities.mailboxes import LINGER, Mailboxes
from cordboard.call.v1.facts_pb2 import (
    AgentAnsweredOffer,
    ConsentAnswered,
    ConversationEnded,
    EngineVersionsReported,
    LegStateChanged,
    SlotsFilled,
    ToolCallRequested,
    VoicePortChanged,
)
from cordboard.core.errors import ConflictError, CordboardError, UnavailableError
from cordboard.ledger.v1.ledger_service_pb2 import SubscribeResponse
from cordboard.runtime.ledger_client import CursorLease, Ledger

_log = logging.getLogger(__name__)

CURSOR = "worker"
COMMIT_EVERY = 0.5
RETRY_EVERY = 0.5


def _names(*kinds: type[Message]) -> frozenset[str]:
    return frozenset(kind.DESCRIPTOR.full_name for kind in kinds)


URGENT = _names(
    AgentAnsweredOffer, ConsentAnswered, ConversationEnded, LegStateChanged, ToolCallRequested, VoicePortChanged
)
"""Facts that a call has to act on at once."""

RELAYED = URGENT | _names(EngineVersionsReported, SlotsFilled)
"""Facts that a call's workflow consumes."""


class FactRelay:
    """The one reader, of all workers, that turns facts into signals.

    The cursor in the ledger is leased: when this process dies another takes over where the cursor stands, so a fact
    may reach its call twice and never not at all.
    """

    def __init__(self, ledger: Ledger, signals: CallSignals, owner: str, *, linger: float = LINGER) -> None:
        """Make a relay that leases the cursor as `owner` (`component/instance/boot_id`)."""
        self._ledger = ledger
        self._signals = signals
        self._owner = owner
        self._linger = linger

    async def run(self) -> None:
        """Relay until cancelled: wait for the lease, follow while it holds, wait again."""
        while True:
            try:
                lease = await self._ledger.lease_cursor(CURSOR, self._owner)
            except (ConflictError, UnavailableError):
                await asyncio.sleep(RETRY_EVERY)
                continue
            _log.info("relaying facts", extra={"position": lease.position, "epoch": lease.lease_epoch})
            await self._follow(lease)

    async def _follow(self, lease: CursorLease) -> None:
        mailboxes = Mailboxes(self._signals, linger=self._linger)
        keeping = asyncio.create_task(self._keep(lease, mailboxes))
        reading = asyncio.create_task(self._read(lease, mailboxes))
        try:
            # Reading ends only with an error: the feed itself survives the ledger's absence.
            await asyncio.wait({keeping, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in (keeping, reading):
                error = task.exception() if task.done() else None
                if isinstance(error, CordboardError):
                    _log.warning("the relay gives up its lease", extra={"reason": error.reason})
                elif error is not None:
                    raise error
        finally:
            for task in (keeping, reading):
                task.cancel()
            await asyncio.gather(keeping, reading, return_exceptions=True)
            await mailboxes.close()

    async def _read(self, lease: CursorLease, mailboxes: Mailboxes) -> None:
        feed = self._ledger.subscribe(after_position=lease.position, types=sorted(RELAYED), with_phi=True)
        async with _closing(feed):
            async for response in feed:
                calls = [
                    (envelope, envelope.event.event.TypeName() in URGENT)
                    for envelope in response.events
                    if envelope.event.stream.kind == "call"
                ]
                await mailboxes.post(calls, response.position)

    async def _keep(self, lease: CursorLease, mailboxes: Mailboxes) -> None:
        """Renew the lease and move the cursor. Ends when the lease is no longer ours, or may be no longer."""
        loop = asyncio.get_running_loop()
        valid_until = loop.time() + lease.lease_seconds
        committed = lease.position
        while True:
            await asyncio.sleep(min(COMMIT_EVERY, lease.lease_seconds / 3))
            asked_at = loop.time()
            try:
                renewed = await self._ledger.lease_cursor(CURSOR, self._owner)
                if renewed.lease_epoch != lease.lease_epoch:
                    return
                valid_until = asked_at + renewed.lease_seconds
                if mailboxes.done_up_to() > committed:
                    committed = mailboxes.done_up_to()
                    await self._ledger.commit_cursor(CURSOR, lease.lease_epoch, committed)
            except UnavailableError:
                if loop.time() > valid_until:
                    return


@contextlib.asynccontextmanager
async def _closing(feed: AsyncIterator[SubscribeResponse]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        close = getattr(feed, "aclose", None)
        if close is not None:
            await close()
