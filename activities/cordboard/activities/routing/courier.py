"""Tells calls and the log what routing did, until they know."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence

from cordboard.activities.routing.agent import AgentKey
from cordboard.activities.routing.notice import Notice, NoticeKind
from cordboard.activities.routing.routing_signals import RoutingSignals
from cordboard.activities.routing.routing_store import Lead, RoutingStore
from cordboard.call.v1.agent_facts_pb2 import AgentStateChanged
from cordboard.call.v1.call_workflow_pb2 import AgentReservation, AgentWithdrawal
from cordboard.core.errors import ConflictError, CordboardError
from cordboard.core.event_message import pack, unpack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import Ledger, agent_stream

_log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class Courier:
    """Brings the store's notices to whom they are for, in order for each call and for each agent.

    A notice is forgotten only once it was delivered, so a call may be told twice, and is never not told. An agent's
    state reaches the log once: what a courier before this one may have logged is looked up first.
    """

    def __init__(self, store: RoutingStore, signals: RoutingSignals, ledger: Ledger, source: str) -> None:
        """Log as `source` (`component/instance/boot_id`)."""
        self._store = store
        self._signals = signals
        self._ledger = ledger
        self._source = source
        self._numbers: dict[AgentKey, int] = {}
        self._logged: dict[AgentKey, int] = {}

    async def run(self, lead: Lead) -> None:
        """Deliver for as long as the lead is held. Raises UnavailableError when it is lost."""
        # Others may have logged since this process last led.
        self._logged.clear()
        while True:
            changed = lead.changed()
            all_told = await self.deliver(lead)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), None if all_told else RETRY_SECONDS)

    async def deliver(self, lead: Lead) -> bool:
        """Deliver what there is now, and tell whether all of it was."""
        while notices := await lead.notices():
            groups: dict[tuple[str, ...], list[Notice]] = defaultdict(list)
            for notice in notices:
                groups[_addressee(notice)].append(notice)
            told = await asyncio.gather(*(self._tell(group) for group in groups.values()))
            await lead.settle(notice for group in told for notice in group)
            if sum(map(len, told)) < len(notices):
                return False
        return True

    async def _tell(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        """Tell one addressee, and give what it has been told."""
        try:
            if notices[0].kind == NoticeKind.STATE:
                return await self._log_states(notices)
            return await self._signal(notices)
        except CordboardError as error:
            if error.retryable:
                return ()
            _log.error("a change of routing was dropped", extra={"reason": error.reason, **_ids(notices[0])})
            return notices

    async def _signal(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        for notice in notices:
            if not await self._signals.send(notice.call_id, _message_to_call(notice)):
                await self._store.end_call(notice.agent.tenant, notice.call_id)
                break
        return notices

    async def _log_states(self, notices: Sequence[Notice]) -> Sequence[Notice]:
        key = notices[0].agent
        if key not in self._logged:
            self._logged[key] = await self._find_logged(notices[0])
        fresh = [(notice, AgentStateChanged.FromString(notice.payload)) for notice in notices]
        fresh = [(notice, fact) for notice, fact in fresh if fact.change > self._logged[key]]
        if fresh:
            number = self._numbers.get(key, 0)
            try:
                await self._ledger.append(self._events(fresh, number + 1))
            except ConflictError:
                # An append that was broken off has reached the log after all: the log knows how far.
                del self._logged[key]
                return ()
            self._numbers[key] = number + len(fresh)
            self._logged[key] = fresh[-1][1].change
        return notices

    async def _find_logged(self, notice: Notice) -> int:
        """Find the newest change of an agent that routing has logged, and how far this source's numbers have come."""
        stream = agent_stream(notice.agent.tenant, notice.agent.agent_id)
        newest = 0
        async for envelope in self._ledger.read(stream, after_seq=notice.said_seq):
            fact = unpack(envelope)
            if isinstance(fact, AgentStateChanged):
                newest = max(newest, fact.change)
            if envelope.event.source == self._source:
                self._numbers[notice.agent] = max(self._numbers.get(notice.agent, 0), envelope.event.source_seq)
        return newest

    def _events(self, facts: Iterable[tuple[Notice, AgentStateChanged]], first: int) -> list[NewEvent]:
        events: list[NewEvent] = []
        for number, (notice, fact) in enumerate(facts, first):
            event = NewEvent(
                stream=agent_stream(notice.agent.tenant, notice.agent.agent_id),
                event=pack(fact),
                source=self._source,
                source_seq=number,
                actor="engine",
            )
            event.occurred_at.FromDatetime(notice.made_at)
            events.append(event)
        return events


def _addressee(notice: Notice) -> tuple[str, ...]:
    if notice.kind == NoticeKind.STATE:
        return ("agent", notice.agent.tenant, notice.agent.agent_id)
    return ("call", notice.call_id)


def _message_to_call(notice: Notice) -> AgentReservation | AgentWithdrawal:
    if notice.kind == NoticeKind.RESERVED:
        return AgentReservation.FromString(notice.payload)
    return AgentWithdrawal.FromString(notice.payload)


def _ids(notice: Notice) -> dict[str, str]:
    return {"call_id": notice.call_id, "agent_id": notice.agent.agent_id, "tenant": notice.agent.tenant}
