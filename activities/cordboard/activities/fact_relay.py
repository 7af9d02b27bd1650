"""Follows the log and hands each call the facts that its workflow decides on."""

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial

from google.protobuf.message import Message

from cordboard.activities.call_signals import CallSignals
from cordboard.activities.leased_cursor import LeasedCursor
from cordboard.activities.mailboxes import LINGER, Mailboxes
from cordboard.call.v1.facts_pb2 import (
    AgentAnsweredOffer,
    ConsentAnswered,
    ConversationEnded,
    DtmfReceived,
    EngineVersionsReported,
    LegStateChanged,
    SlotsFilled,
    ToolCallRequested,
    VoicePortChanged,
)
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyDeclined
from cordboard.call.v1.voicemail_pb2 import SilenceHeard
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.ledger.v1.ledger_service_pb2 import SubscribeResponse
from cordboard.runtime.ledger_client import CursorLease, Ledger
from cordboard.runtime.wall_clock import utc_now

CURSOR = "worker"


def _names(*kinds: type[Message]) -> frozenset[str]:
    return frozenset(kind.DESCRIPTOR.full_name for kind in kinds)


URGENT = _names(
    AgentAnsweredOffer,
    ConsentAnswered,
    ConversationEnded,
    DtmfReceived,
    LegStateChanged,
    PartyAlerted,
    PartyDeclined,
    SilenceHeard,
    ToolCallRequested,
    VoicePortChanged,
)
"""Facts that a call has to act on at once."""

RELAYED = URGENT | _names(EngineVersionsReported, SlotsFilled)
"""Facts that a call's workflow consumes."""


class FactRelay:
    """The one reader, of all workers, that turns facts into signals.

    The cursor in the ledger is leased: when this process dies another takes over where the cursor stands, so a fact
    may reach its call twice and never not at all.
    """

    def __init__(
        self,
        ledger: Ledger,
        signals: CallSignals,
        owner: str,
        *,
        linger: float = LINGER,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Make a relay that leases the cursor as `owner` (`component/instance/boot_id`)."""
        self._ledger = ledger
        self._signals = signals
        self._owner = owner
        self._linger = linger
        self._clock = clock

    async def run(self) -> None:
        """Relay until cancelled: wait for the lease, follow while it holds, wait again."""
        cursor = LeasedCursor(self._ledger, CURSOR, self._owner)
        while True:
            mailboxes = Mailboxes(self._signals, linger=self._linger, clock=self._clock)
            try:
                await cursor.follow(partial(self._read, mailboxes, cursor), mailboxes.done_up_to)
            finally:
                await mailboxes.close()

    async def _read(self, mailboxes: Mailboxes, cursor: LeasedCursor, lease: CursorLease) -> None:
        if cursor.taken_over:
            mailboxes.waited_for_since(self._clock())
        feed = self._ledger.subscribe(after_position=lease.position, types=sorted(RELAYED), with_phi=True)
        async with _closing(feed):
            async for response in feed:
                calls = [
                    (envelope, self._is_pressing(envelope))
                    for envelope in response.events
                    if envelope.event.stream.kind == "call"
                ]
                await mailboxes.post(calls, response.position)

    def _is_pressing(self, envelope: Envelope) -> bool:
        """Tell whether a fact may not wait: it is urgent, or a relay that died has let it wait already."""
        waited = self._clock() - envelope.recorded_at.ToDatetime(UTC)
        return envelope.event.event.TypeName() in URGENT or waited.total_seconds() > self._linger


@contextlib.asynccontextmanager
async def _closing(feed: AsyncIterator[SubscribeResponse]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        close = getattr(feed, "aclose", None)
        if close is not None:
            await close()
