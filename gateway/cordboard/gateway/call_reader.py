"""Reads calls from the record, for the tenant whose calls they are."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from cordboard.call.v1.call_pb2 import DIRECTION_OUTBOUND, CallView
from cordboard.call.v1.decisions_pb2 import CallAbandoned, CallCancelled, CallCompleted, CallFailed, CallOriginated
from cordboard.call.v1.facts_pb2 import CallOpened
from cordboard.core.call_state import Leg
from cordboard.core.errors import InternalError, InvalidError, NotFoundError
from cordboard.core.event_message import unpack
from cordboard.core.fold import fold_envelopes, is_decision_envelope
from cordboard.core.view import erased_at, to_view, wrap_up_view
from cordboard.gateway.access import AGENT, CALLER, is_call_id, is_passive, waits_at_line
from cordboard.gateway.event_plane.seat import Seat, seat_after
from cordboard.gateway.ledger_door import ledger_away
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.media.v1 import leg_pb2
from cordboard.runtime.identity import UserClaims
from cordboard.runtime.ledger_client import Ledger, call_stream

MAX_PAGE = 200
DEFAULT_PAGE = 50
_FOLDS_AT_ONCE = 8

_ENDS = frozenset(message.DESCRIPTOR.full_name for message in (CallCompleted, CallAbandoned, CallFailed, CallCancelled))


def call_not_found() -> NotFoundError:
    """The error for a call that is not there, or is another tenant's."""
    return NotFoundError("CALL_NOT_FOUND", "there is no such call")


def ends_call(envelope: Envelope) -> bool:
    """Tell whether an event is the decision that a call is over."""
    return envelope.event.event.TypeName() in _ENDS and is_decision_envelope(envelope)


@dataclass(frozen=True, slots=True)
class OwnedLeg:
    """A leg, and who may end it as their own."""

    leg: Leg
    opened: CallOpened
    line: str = ""
    """The line that the call was placed to; empty for a call that came in."""

    @property
    def over(self) -> bool:
        """Whether the leg has ended."""
        return not self.leg.living

    def belongs_to(self, claims: UserClaims) -> bool:
        """Tell whether the leg is that of the token's bearer.

        A caller's token owns the caller's leg of the call that it paid for; others own the legs that they added.
        """
        if claims.role == CALLER:
            paid = bool(claims.token_id) and claims.token_id == self.opened.token_id
            called = waits_at_line(claims) and claims.subject == self.line
            return (paid or called) and self.leg.role == leg_pb2.LEG_ROLE_CALLER
        human = self.leg.role == leg_pb2.LEG_ROLE_HUMAN_AGENT
        if human != (claims.role == AGENT) and not is_passive(self.leg.role):
            return False
        return bool(claims.subject) and self.leg.party_id == claims.subject


@dataclass(frozen=True, slots=True)
class Part:
    """An agent's part in a call."""

    ever: bool = False
    """Whether the call has rung the agent at all."""
    seat: Seat | None = None
    """The agent's seat as it is now."""

    @property
    def connected(self) -> bool:
        """Whether the agent is on the call."""
        return self.seat is not None and self.seat.connected


class CallReader:
    """Shows calls as their log tells them. Another tenant's call is not there: NotFoundError(CALL_NOT_FOUND)."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def opened(self, call_id: str, tenant: str) -> CallOpened:
        """Give the call's first event."""
        async with contextlib.aclosing(self._events(call_id, tenant)) as events:
            async for envelope in events:
                return _opening(envelope)
        raise call_not_found()

    async def view(self, call_id: str, tenant: str, *, with_phi: bool, reader: str = "") -> CallView:
        """Show a call as it stands; that `reader` had PHI opened is put on record."""
        events = [envelope async for envelope in self._events(call_id, tenant, with_phi=with_phi, reader=reader)]
        if not events:
            raise call_not_found()
        state = fold_envelopes(events)
        if state is None:
            return CallView(call_id=call_id, tenant=tenant)
        view = to_view(state, phi=with_phi)
        wrap_up = wrap_up_view(events)
        if wrap_up is not None:
            view.wrap_up.CopyFrom(wrap_up)
        gone = erased_at(events)
        if gone is not None:
            view.erased_at.CopyFrom(gone)
        return view

    async def leg(self, call_id: str, leg_id: str, tenant: str) -> OwnedLeg:
        """Give a leg of a call. Raises NotFoundError(LEG_NOT_FOUND)."""
        events = [envelope async for envelope in self._events(call_id, tenant)]
        if not events:
            raise call_not_found()
        state = fold_envelopes(events)
        line = await self.line(call_id, tenant) if state is not None and state.direction == DIRECTION_OUTBOUND else ""
        leg = state.leg(leg_id) if state is not None else None
        if leg is None:
            raise NotFoundError("LEG_NOT_FOUND", "the call has no such leg")
        return OwnedLeg(leg, _opening(events[0]), line)

    async def line(self, call_id: str, tenant: str) -> str:
        """Give the line that a call was placed to; empty for a call that came in."""
        known = False
        async with contextlib.aclosing(self._events(call_id, tenant, with_phi=True)) as events:
            async for envelope in events:
                known = True
                event = unpack(envelope)
                if isinstance(event, CallOriginated):
                    return event.target
                if is_decision_envelope(envelope):
                    return ""
        if not known:
            raise call_not_found()
        return ""

    async def part(self, call_id: str, tenant: str, agent_id: str) -> Part:
        """Tell an agent's part in a call, as its decisions have it."""
        known, part = False, Part()
        async for envelope in self._events(call_id, tenant):
            known = True
            decision = unpack(envelope) if is_decision_envelope(envelope) else None
            if decision is not None:
                seat = seat_after(part.seat, decision, agent_id)
                part = Part(part.ever or seat is not None, seat)
        if not known:
            raise call_not_found()
        return part

    async def has_ended(self, call_id: str) -> bool:
        """Tell whether a call is over by its log."""
        with ledger_away():
            async for envelope in self._ledger.read(call_stream(call_id)):
                if ends_call(envelope):
                    return True
        return False

    async def page(self, tenant: str, page_size: int, page_token: str) -> tuple[list[CallView], str]:
        """Give a page of the tenant's calls, newest first and without PHI, and the token of the next page.

        Raises InvalidError(PAGE_TOKEN_INVALID).
        """
        if page_token and not is_call_id(page_token):
            raise InvalidError("PAGE_TOKEN_INVALID", "the page token is none that was given out")
        size = min(page_size, MAX_PAGE) or DEFAULT_PAGE
        with ledger_away():
            page = await self._ledger.list_streams("call", tenant=tenant, page_size=size, page_token=page_token)
        gate = asyncio.Semaphore(_FOLDS_AT_ONCE)

        async def shown(call_id: str) -> CallView:
            async with gate:
                return await self.view(call_id, tenant, with_phi=False)

        calls = await asyncio.gather(*(shown(head.stream.id) for head in page.streams))
        return list(calls), page.next_page_token

    async def watch(
        self, call_id: str, tenant: str, after_seq: int, *, with_phi: bool, reader: str = ""
    ) -> AsyncGenerator[Envelope, None]:
        """Follow a call's events after a sequence: none left out, none twice, to the last of a call that is over.

        The log is read from its start, whatever the cursor, since the end of the call may lie before it.
        """
        seq = position = 0
        over = False
        async for envelope in self._events(call_id, tenant, with_phi=with_phi, reader=reader):
            seq, position, over = envelope.seq, envelope.position, over or ends_call(envelope)
            if seq > after_seq:
                yield envelope
        if not seq:
            raise call_not_found()
        if over:
            return
        async with contextlib.aclosing(self._follow(call_id, position, seq, with_phi=with_phi, reader=reader)) as news:
            async for envelope in news:
                seq = envelope.seq
                if seq > after_seq:
                    yield envelope
        with ledger_away():
            rest = self._ledger.read(call_stream(call_id), after_seq=seq, with_phi=with_phi, on_behalf_of=reader)
            async for envelope in rest:
                if envelope.seq > after_seq:
                    yield envelope

    async def _follow(
        self, call_id: str, position: int, seq: int, *, with_phi: bool, reader: str
    ) -> AsyncGenerator[Envelope, None]:
        """Give what comes after a position, up to the decision that the call is over."""
        feed = self._ledger.subscribe(
            after_position=position, stream=call_stream(call_id), with_phi=with_phi, on_behalf_of=reader
        )
        try:
            async for batch in feed:
                for envelope in batch.events:
                    if envelope.seq <= seq:
                        continue
                    seq = envelope.seq
                    yield envelope
                    if ends_call(envelope):
                        return
        finally:
            if isinstance(feed, AsyncGenerator):
                await feed.aclose()

    async def _events(
        self, call_id: str, tenant: str, *, with_phi: bool = False, reader: str = ""
    ) -> AsyncGenerator[Envelope, None]:
        """Go through a call's events; nothing is told of a call that is another tenant's."""
        if not is_call_id(call_id):
            raise call_not_found()
        with ledger_away():
            # PHI is opened only once the call is known to be the tenant's: opening it is itself on record.
            if with_phi:
                await self.opened(call_id, tenant)
            async for envelope in self._ledger.read(call_stream(call_id), with_phi=with_phi, on_behalf_of=reader):
                if envelope.tenant != tenant:
                    raise call_not_found()
                yield envelope


def _opening(envelope: Envelope) -> CallOpened:
    opened = CallOpened()
    if not envelope.event.event.Unpack(opened):
        raise InternalError("LOG_DAMAGED", "a call's log does not begin with its opening")
    return opened
