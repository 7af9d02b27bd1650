"""What one desk is told: the agent's own stream, and the calls that the agent is a party to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cordboard.call.v1.agent_facts_pb2 import AgentStateChanged
from cordboard.call.v1.facts_pb2 import ReplyHeard, UtteranceHeard
from cordboard.core.event_message import unpack
from cordboard.core.fold import is_decision_envelope
from cordboard.gateway.call_reader import ends_call
from cordboard.gateway.event_plane.frames import NEVER_OPENED
from cordboard.gateway.event_plane.log_tail import TailReader
from cordboard.gateway.event_plane.presence import IN_CALL, Presence
from cordboard.gateway.event_plane.seat import Seat, seat_after
from cordboard.gateway.ledger_door import ledger_away
from cordboard.ledger.v1.envelope_pb2 import Envelope, Stream
from cordboard.runtime.ledger_client import Ledger, agent_stream, call_stream

_WORDS = frozenset(message.DESCRIPTOR.full_name for message in (UtteranceHeard, ReplyHeard))


@dataclass(frozen=True, slots=True)
class DeskNews:
    """An event for the desk; with a call's history when the desk did not have the call before."""

    event: Envelope
    history: list[Envelope]


class DeskFeed:
    """Merges the streams in order of their positions on the log: no event is missed, none comes twice.

    A call is a desk's from the alert that names its agent until somebody else has it. What was said before, and all
    decisions, come with the first event as its history, PHI opened.
    """

    def __init__(self, ledger: Ledger, reader: TailReader, tenant: str, agent_id: str) -> None:
        self.presence = Presence()
        """The agent as the desk was told so far."""
        self.newest = Presence()
        """The agent as the log had them when the feed began."""
        self.seats: dict[str, Seat] = {}
        self.cursor = 0
        self._ledger = ledger
        self._reader = reader
        self._tenant = tenant
        self._agent_id = agent_id
        self._ahead: list[Envelope] = []

    async def begin(self, after: int | None) -> list[Envelope]:
        """Go to a cursor, or to the newest event, and give the history of the call that the agent is in, if any.

        A desk that names its cursor has that history already. Raises UnavailableError(LEDGER_AWAY).
        """
        with ledger_away():
            stream = agent_stream(self._tenant, self._agent_id)
            said = [event async for event in self._ledger.read(stream) if event.position <= self._reader.opened_at]
            self.cursor = self._reader.opened_at if after is None else after
            calls: set[str] = set()
            news = []
            for event in said:
                self.newest = _presence_after(self.newest, event)
                if event.position <= self.cursor:
                    self.presence = self.newest
                else:
                    news.append(event)
                    calls.add(_call_of(event))
            calls.add(self.presence.call_id)
            history = []
            for call_id in sorted(calls - {""}):
                history += await self._join(call_id, self.cursor)
        self._put(news)
        return history if after is None else []

    async def next(self) -> DeskNews:
        """Give what comes next. Raises ExhaustedError(SLOW_READER), UnavailableError(LEDGER_AWAY)."""
        while True:
            event = self._ahead.pop(0) if self._ahead else await self._reader.next()
            if event.position <= self.cursor:
                continue
            with ledger_away():
                news = await (self._of_agent(event) if event.event.stream.kind == "agent" else self._of_call(event))
            if news is not None:
                self.cursor = event.position
                return news

    async def _of_agent(self, event: Envelope) -> DeskNews:
        self.presence = _presence_after(self.presence, event)
        call_id = _call_of(event)
        if not call_id or call_id in self.seats or self.presence.state not in IN_CALL:
            return DeskNews(event, [])
        # Routing may be quicker to say that the agent is set aside than the call to ring, and the other way round.
        return DeskNews(event, await self._join(call_id, event.position))

    async def _of_call(self, event: Envelope) -> DeskNews | None:
        stream = event.event.stream
        before = self.seats.get(stream.id)
        after = self._seat_after(before, event)
        if after is not None:
            self.seats[stream.id] = after
        else:
            self.seats.pop(stream.id, None)
            if before is not None or ends_call(event):
                self._reader.unfollow(stream)
        if before is None and after is None:
            return None
        history = await self._history(stream, event.position) if before is None else []
        return DeskNews(await self._opened(event), history)

    async def _join(self, call_id: str, position: int) -> list[Envelope]:
        """Take up a call as it stood at a position: give its history, and hold ready what came after."""
        stream = call_stream(call_id)
        self._reader.follow(stream)
        upto = self._reader.position
        events = [one async for one in self._ledger.read(stream, with_phi=True) if one.position <= upto]
        if any(event.tenant != self._tenant for event in events):
            self._reader.unfollow(stream)
            return []
        seat: Seat | None = None
        for event in events:
            if event.position <= position:
                seat = self._seat_after(seat, event)
        self._put(event for event in events if event.position > position)
        if seat is None:
            return []
        self.seats[call_id] = seat
        return [event for event in events if event.position <= position and _is_history(event)]

    async def _history(self, stream: Stream, before: int) -> list[Envelope]:
        read = self._ledger.read(stream, with_phi=True)
        return [event async for event in read if event.position < before and _is_history(event)]

    async def _opened(self, event: Envelope) -> Envelope:
        """Open the PHI of an event: the tail carries none."""
        if event.redacted and event.event.event.TypeName() not in NEVER_OPENED:
            async for opened in self._ledger.read(event.event.stream, after_seq=event.seq - 1, with_phi=True):
                return opened
        return event

    def _seat_after(self, seat: Seat | None, event: Envelope) -> Seat | None:
        message = unpack(event) if is_decision_envelope(event) else None
        if message is None:
            return seat
        after = seat_after(seat, message, self._agent_id)
        return after if after is None else replace(after, trace_id=event.event.trace_id or after.trace_id)

    def _put(self, events: Iterable[Envelope]) -> None:
        """Hold events ready, in order with all that is waiting."""
        self._ahead = sorted([*self._ahead, *self._reader.drain(), *events], key=lambda event: event.position)


def _presence_after(presence: Presence, event: Envelope) -> Presence:
    fact = unpack(event)
    return presence.after(fact) if isinstance(fact, AgentStateChanged) else presence


def _call_of(event: Envelope) -> str:
    fact = unpack(event)
    return fact.call_id if isinstance(fact, AgentStateChanged) else ""


def _is_history(event: Envelope) -> bool:
    return is_decision_envelope(event) or event.event.event.TypeName() in _WORDS
