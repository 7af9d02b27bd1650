"""What agents, reservations and waiting calls do to one another: the rules of routing, without any storage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cordboard.activities.routing.agent import Agent
from cordboard.activities.routing.notice import Notice, NoticeKind
from cordboard.activities.routing.queue_entry import EntryState, QueueEntry
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AgentState,
    AgentStateChanged,
)
from cordboard.call.v1.call_workflow_pb2 import AgentReservation, AgentWithdrawal


@dataclass(frozen=True, slots=True)
class Situation:
    """An agent, a reservation of theirs and the call that it is for, as far as each is there.

    A rule gives the situation after it. What differs is stored, and the notices with it.
    """

    agent: Agent | None = None
    reservation: Reservation | None = None
    entry: QueueEntry | None = None
    notices: tuple[Notice, ...] = ()

    def with_state_logged(self, now: datetime, call_id: str = "") -> "Situation":
        """Have the agent's state put on record."""
        assert self.agent is not None
        agent = replace(self.agent, changes=self.agent.changes + 1)
        fact = AgentStateChanged(
            agent_id=agent.key.agent_id,
            state=agent.state,
            reason=agent.reason,
            call_id=call_id,
            reservation_epoch=agent.epoch if call_id else 0,
            change=agent.changes,
        )
        return self._with(Notice(NoticeKind.STATE, agent.key, call_id, agent.epoch, _bytes(fact), now), agent)

    def with_call_rung(self, now: datetime) -> "Situation":
        """Have the call told who is set aside for it."""
        reservation = self._reservation()
        message = AgentReservation(agent_id=reservation.agent.agent_id, reservation_epoch=reservation.epoch)
        return self._with(_to_call(NoticeKind.RESERVED, reservation, _bytes(message), now))

    def with_call_warned(self, now: datetime, reason: str) -> "Situation":
        """Have the call told that its reservation is over."""
        reservation = self._reservation()
        message = AgentWithdrawal(
            agent_id=reservation.agent.agent_id, reservation_epoch=reservation.epoch, reason=reason
        )
        return self._with(_to_call(NoticeKind.WITHDRAWN, reservation, _bytes(message), now))

    def over(self, reason: str) -> "Situation":
        """End the reservation. A call that had not confirmed it waits again, this agent last of all."""
        reservation, entry = self._reservation(), self.entry
        if reservation.state == ReservationState.OFFERED and entry is not None and entry.state == EntryState.OFFERED:
            passed_over = entry.passed_over | {reservation.agent.agent_id}
            entry = replace(entry, state=EntryState.WAITING, passed_over=passed_over)
        ended = replace(reservation, state=ReservationState.OVER, reason=reason)
        return replace(self, reservation=ended, entry=entry)

    def next_state(self, state: AgentState.ValueType, now: datetime, reason: str = "") -> "Situation":
        """Give the agent a state. READY yields to a desk that wants none; NOT_READY lasts until the desk says READY."""
        assert self.agent is not None
        agent = self.agent
        agent = agent.free(now) if state == AGENT_STATE_READY else agent.enter(state, now, reason)
        if state == AGENT_STATE_NOT_READY:
            agent = replace(agent, wanted=state, wanted_reason=reason)
        return replace(self, agent=agent)

    def _reservation(self) -> Reservation:
        assert self.reservation is not None
        return self.reservation

    def _with(self, notice: Notice, agent: Agent | None = None) -> "Situation":
        if self.agent is not None:
            notice = replace(notice, said_seq=self.agent.said_seq)
        return replace(self, notices=(*self.notices, notice), agent=agent or self.agent)


def changed(before: Situation, after: Situation) -> Iterator[Agent | Reservation | QueueEntry | Notice]:
    """Give what a rule has changed or made."""
    if after.agent is not None and after.agent != before.agent:
        yield after.agent
    if after.reservation is not None and after.reservation != before.reservation:
        yield after.reservation
    if after.entry is not None and after.entry != before.entry:
        yield after.entry
    yield from after.notices[len(before.notices) :]


def _to_call(kind: NoticeKind, reservation: Reservation, payload: bytes, now: datetime) -> Notice:
    return Notice(kind, reservation.agent, reservation.call_id, reservation.epoch, payload, now)


def _bytes(message: AgentStateChanged | AgentReservation | AgentWithdrawal) -> bytes:
    return message.SerializeToString(deterministic=True)
