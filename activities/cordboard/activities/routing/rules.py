"""The rules of routing: what each request and each passing of time does. Values in, values out."""

from dataclasses import replace
from datetime import datetime, timedelta

from cordboard.activities.routing.agent import Agent, DeskWord
from cordboard.activities.routing.queue_entry import EntryState, QueueEntry, Wait
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.activities.routing.situation import Situation
from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_BUSY,
    AGENT_STATE_NOT_READY,
    AGENT_STATE_READY,
    AGENT_STATE_RESERVED,
    AGENT_STATE_WRAP_UP,
    AgentState,
)
from cordboard.core import reasons
from cordboard.core.errors import InvalidError, WrongStateError

CALL_LOST = "CALL_LOST"
"""Reason of an agent who was in a call longer than any call lives."""

AFTER_A_CALL = (AGENT_STATE_READY, AGENT_STATE_NOT_READY, AGENT_STATE_WRAP_UP)
"""States that a call may leave its agent in."""

_LAST_ORDINAL = 2**63 - 1


def hear(situation: Situation, word: DeskWord, now: datetime) -> Situation:
    """Follow a desk's word. In a call it holds only afterwards; NOT_READY takes the agent from a call that rings.

    Each word is answered on record with the state that the agent is in now. The desk may have spoken while another
    change was on its way to the log: what stands there last is then still the truth.
    """
    agent = situation.agent or Agent(word.agent, now, now)
    if word.seq <= agent.said_seq:
        return situation
    agent = replace(agent, said_seq=word.seq)
    lost = word.reason == reasons.SESSION_LOST
    if lost and word.session_id != agent.session_id:
        # An old tab closed after a new one had opened: the agent is still there.
        return _answered(replace(situation, agent=agent), now)
    if not lost:
        agent = replace(agent, skills=word.skills, queues=word.queues, session_id=word.session_id)
    agent = replace(agent, wanted=word.state, wanted_reason=word.reason)
    situation = replace(situation, agent=agent)
    if agent.state == AGENT_STATE_RESERVED and word.state == AGENT_STATE_NOT_READY:
        reason = reasons.SESSION_LOST if lost else reasons.DECLINED
        situation = situation.over(reason).with_call_warned(now, reason)
        agent = agent.free(now)
    elif agent.state not in (AGENT_STATE_RESERVED, AGENT_STATE_BUSY):
        agent = agent.free(now)
    return _answered(replace(situation, agent=agent), now)


def enqueue(situation: Situation, wait: Wait, now: datetime) -> Situation:
    """Let a call wait, or ask for something else while it waits."""
    entry, since = situation.entry, min(wait.since or now, now)
    wait = replace(wait, since=None)
    if entry is None:
        return replace(situation, entry=QueueEntry(wait, since))
    if wait.ordinal <= entry.wait.ordinal:
        return situation
    if entry.state in (EntryState.WAITING, EntryState.OFFERED):
        return replace(situation, entry=replace(entry, wait=wait))
    return replace(situation, entry=QueueEntry(wait, since))


def cancel(situation: Situation, wait: Wait, now: datetime) -> Situation:
    """End a call's wait. One that has not begun yet is ended in advance: the requests may overtake one another."""
    entry = situation.entry
    if entry is None:
        return replace(situation, entry=QueueEntry(wait, now, EntryState.OVER))
    if wait.ordinal < entry.wait.ordinal:
        return situation
    situation = replace(situation, entry=replace(entry, wait=replace(entry.wait, ordinal=wait.ordinal)))
    return situation if entry.state in (EntryState.TAKEN, EntryState.OVER) else _call_gone(situation, now)


def end_call(situation: Situation, now: datetime) -> Situation:
    """Free whoever a call that is over still holds."""
    reservation, entry = situation.reservation, situation.entry
    if reservation is not None and reservation.state == ReservationState.CONFIRMED:
        situation = situation.over(reasons.CALL_ENDED).next_state(AGENT_STATE_WRAP_UP, now)
        situation = situation.with_state_logged(now, reservation.call_id)
    elif reservation is not None:
        situation = _call_gone(situation, now)
    if entry is not None:
        wait = replace(entry.wait, ordinal=_LAST_ORDINAL)
        situation = replace(situation, entry=replace(entry, state=EntryState.OVER, wait=wait))
    return situation


def reserve(situation: Situation, epoch: int, offer: timedelta, now: datetime) -> Situation:
    """Set the agent aside for the call; nothing happens when either is not free any more, or the epoch is not next."""
    agent, entry = situation.agent, situation.entry
    if agent is None or entry is None or agent.state != AGENT_STATE_READY or entry.state != EntryState.WAITING:
        return situation
    if epoch != agent.epoch + 1 or agent.key.tenant != entry.wait.tenant:
        return situation
    agent = replace(agent.enter(AGENT_STATE_RESERVED, now), epoch=epoch)
    made = Reservation(agent.key, epoch, entry.wait.call_id, now, now + offer)
    situation = replace(situation, agent=agent, reservation=made, entry=replace(entry, state=EntryState.OFFERED))
    return situation.with_state_logged(now, made.call_id).with_call_rung(now)


def confirm(situation: Situation, call_id: str, busy: timedelta, now: datetime) -> Situation:
    """Let the agent be in the call. Raises WrongStateError(STALE_EPOCH): the reservation is over or another call's."""
    reservation, agent = situation.reservation, situation.agent
    if (
        reservation is None
        or agent is None
        or reservation.call_id != call_id
        or reservation.state == ReservationState.OVER
    ):
        raise WrongStateError(reasons.STALE_EPOCH, "the reservation is over", call_id=call_id)
    if reservation.state == ReservationState.CONFIRMED:
        return situation
    taken = replace(situation.entry, state=EntryState.TAKEN) if situation.entry is not None else None
    situation = Situation(
        agent=agent.enter(AGENT_STATE_BUSY, now),
        reservation=replace(reservation, state=ReservationState.CONFIRMED, expires_at=now + busy),
        entry=taken,
        notices=situation.notices,
    )
    return situation.with_state_logged(now, call_id)


def release(situation: Situation, call_id: str, state: AgentState.ValueType, reason: str, now: datetime) -> Situation:
    """Give the agent back. Raises InvalidError(FIELD_INVALID) for a state that a call cannot leave its agent in."""
    if state not in AFTER_A_CALL:
        raise InvalidError(reasons.FIELD_INVALID, "a call leaves its agent READY, NOT_READY or WRAP_UP")
    reservation = situation.reservation
    if reservation is None or reservation.call_id != call_id or reservation.state == ReservationState.OVER:
        return situation
    return situation.over(reason).next_state(state, now, reason).with_state_logged(now, call_id)


def expire(situation: Situation, now: datetime) -> Situation:
    """End a reservation whose time is up: an agent who did not answer is not rung again before their desk says so."""
    reservation = situation.reservation
    if reservation is None or reservation.state == ReservationState.OVER or reservation.expires_at > now:
        return situation
    if reservation.state == ReservationState.CONFIRMED:
        situation = situation.over(CALL_LOST).next_state(AGENT_STATE_NOT_READY, now, CALL_LOST)
    else:
        situation = situation.over(reasons.NO_ANSWER).with_call_warned(now, reasons.NO_ANSWER)
        situation = situation.next_state(AGENT_STATE_NOT_READY, now, reasons.NO_ANSWER)
    return situation.with_state_logged(now, reservation.call_id)


def end_wrap_up(situation: Situation, limit: timedelta, now: datetime) -> Situation:
    """Let an agent whose wrap-up has lasted long enough do what their desk wants."""
    agent = situation.agent
    if agent is None or agent.state != AGENT_STATE_WRAP_UP or agent.since + limit > now:
        return situation
    return situation.next_state(AGENT_STATE_READY, now).with_state_logged(now)


def _call_gone(situation: Situation, now: datetime) -> Situation:
    """Take a call out of its queue; the agent who was set aside for it has not failed anybody."""
    reservation = situation.reservation
    if reservation is not None and reservation.state == ReservationState.OFFERED:
        situation = situation.over(reasons.CALL_ENDED).next_state(AGENT_STATE_READY, now)
        situation = situation.with_state_logged(now, reservation.call_id)
    if situation.entry is not None:
        situation = replace(situation, entry=replace(situation.entry, state=EntryState.OVER))
    return situation


def _answered(situation: Situation, now: datetime) -> Situation:
    agent = situation.agent
    assert agent is not None
    in_call = agent.state in (AGENT_STATE_RESERVED, AGENT_STATE_BUSY)
    call_id = situation.reservation.call_id if in_call and situation.reservation is not None else ""
    return situation.with_state_logged(now, call_id)
