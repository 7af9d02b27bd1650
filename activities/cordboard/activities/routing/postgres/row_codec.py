"""Rows of routing's tables as the values that the rules work on, and back."""

from asyncpg import Record

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.notice import Notice, NoticeKind
from cordboard.activities.routing.queue_entry import EntryState, QueueEntry, Wait
from cordboard.activities.routing.reservation import Reservation, ReservationState
from cordboard.call.v1.agent_facts_pb2 import AgentState

_PREFIX = "AGENT_STATE_"


def state_name(state: AgentState.ValueType) -> str:
    """Name an agent's state as the tables do."""
    return AgentState.Name(state).removeprefix(_PREFIX)


def to_agent(row: Record) -> Agent:
    """Read an agent."""
    return Agent(
        key=AgentKey(row["tenant"], row["agent_id"]),
        since=row["since"],
        idle_since=row["idle_since"],
        state=AgentState.Value(_PREFIX + row["state"]),
        reason=row["reason"],
        skills=frozenset(row["skills"]),
        queues=frozenset(row["queues"]),
        epoch=row["epoch"],
        session_id=row["session_id"],
        wanted=AgentState.Value(_PREFIX + row["wanted"]),
        wanted_reason=row["wanted_reason"],
        said_seq=row["said_seq"],
        changes=row["changes"],
    )


def of_agent(agent: Agent) -> tuple[object, ...]:
    """Give an agent's columns."""
    return (
        agent.key.tenant,
        agent.key.agent_id,
        state_name(agent.state),
        agent.reason,
        sorted(agent.skills),
        sorted(agent.queues),
        agent.epoch,
        agent.session_id,
        agent.since,
        agent.idle_since,
        state_name(agent.wanted),
        agent.wanted_reason,
        agent.said_seq,
        agent.changes,
    )


def to_entry(row: Record) -> QueueEntry:
    """Read a call's place in its queue."""
    wait = Wait(
        tenant=row["tenant"],
        call_id=row["call_id"],
        queue=row["queue"],
        ordinal=row["ordinal"],
        skills=frozenset(row["skills"]),
        priority=row["priority"],
    )
    return QueueEntry(wait, row["enqueued_at"], EntryState(row["state"]), frozenset(row["passed_over"]))


def of_entry(entry: QueueEntry) -> tuple[object, ...]:
    """Give the columns of a call's place in its queue."""
    wait = entry.wait
    return (
        wait.call_id,
        wait.tenant,
        wait.queue,
        sorted(wait.skills),
        wait.priority,
        wait.ordinal,
        entry.enqueued_at,
        sorted(entry.passed_over),
        entry.state.value,
    )


def to_reservation(row: Record) -> Reservation:
    """Read a reservation."""
    return Reservation(
        agent=AgentKey(row["tenant"], row["agent_id"]),
        epoch=row["epoch"],
        call_id=row["call_id"],
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        state=ReservationState(row["state"]),
        reason=row["reason"],
    )


def of_reservation(reservation: Reservation) -> tuple[object, ...]:
    """Give a reservation's columns."""
    return (
        reservation.agent.tenant,
        reservation.agent.agent_id,
        reservation.epoch,
        reservation.call_id,
        reservation.made_at,
        reservation.expires_at,
        reservation.state.value,
        reservation.reason,
    )


def to_notice(row: Record) -> Notice:
    """Read a notice."""
    return Notice(
        kind=NoticeKind(row["kind"]),
        agent=AgentKey(row["tenant"], row["agent_id"]),
        call_id=row["call_id"],
        epoch=row["epoch"],
        payload=row["payload"],
        made_at=row["made_at"],
        said_seq=row["said_seq"],
        number=row["number"],
    )


def of_notice(notice: Notice) -> tuple[object, ...]:
    """Give a notice's columns, but for its number."""
    return (
        notice.kind.value,
        notice.agent.tenant,
        notice.agent.agent_id,
        notice.call_id,
        notice.epoch,
        notice.payload,
        notice.made_at,
        notice.said_seq,
    )
