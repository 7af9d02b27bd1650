"""Which waiting call goes to which human agent: values in, reservations out.

The matcher that keeps the tables calls this under its lease; an older `reservation_epoch` of an agent fences itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cordboard.core.ids import AgentId, CallId


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call in a queue."""

    call_id: CallId
    queue: str
    waiting_since_us: int
    skills: frozenset[str] = frozenset()
    """All of them are needed."""
    priority: int = 0
    """Higher is sooner."""
    passed_over: frozenset[AgentId] = frozenset()
    """Agents who missed or declined this call; they come last."""


@dataclass(frozen=True, slots=True)
class IdleAgent:
    """A human agent who is ready and neither reserved nor in a call."""

    agent_id: AgentId
    queues: frozenset[str]
    idle_since_us: int
    skills: frozenset[str] = frozenset()
    reservation_epoch: int = 0
    """Epoch of the newest reservation that was ever made of this agent."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """An agent set aside for a call."""

    call_id: CallId
    agent_id: AgentId
    reservation_epoch: int
    """One above the agent's newest; an answer that names another epoch is about another reservation."""


def own_skill(agent_id: str) -> str:
    """The skill that one agent alone has: a call that asks for it is for that agent, whatever queue they serve."""
    return f"agent:{agent_id}"


def may_take(agent: IdleAgent, call: WaitingCall) -> bool:
    """Whether an agent serves the call's queue and has every skill that it asks for, or is asked for by name."""
    if any(skill.startswith(own_skill("")) for skill in call.skills):
        return own_skill(agent.agent_id) in call.skills
    return call.queue in agent.queues and call.skills <= agent.skills


def in_turn(calls: Iterable[WaitingCall]) -> list[WaitingCall]:
    """The calls in the order in which they are served: priority, then waiting time."""
    return sorted(calls, key=lambda call: (-call.priority, call.waiting_since_us, call.call_id))


def match(calls: Iterable[WaitingCall], agents: Iterable[IdleAgent]) -> tuple[Reservation, ...]:
    """Reservations for as many calls as can be served now, each call and each agent at most once.

    Calls are served in turn; each takes the agent who has been idle longest, those it passed over last.
    """
    free = sorted(agents, key=lambda agent: (agent.idle_since_us, agent.agent_id))
    made: list[Reservation] = []
    for call in in_turn(calls):
        able = [agent for agent in free if may_take(agent, call)]
        fresh = [agent for agent in able if agent.agent_id not in call.passed_over]
        chosen = next(iter(fresh or able), None)
        if chosen is None:
            continue
        free.remove(chosen)
        made.append(Reservation(call.call_id, chosen.agent_id, chosen.reservation_epoch + 1))
    return tuple(made)


def position(calls: Iterable[WaitingCall], call_id: CallId) -> int:
    """A call's place in its queue, from 1; 0 when it is not among the calls."""
    waiting = list(calls)
    mine = next((call for call in waiting if call.call_id == call_id), None)
    if mine is None:
        return 0
    return 1 + in_turn(call for call in waiting if call.queue == mine.queue).index(mine)
