"""What the call model's matching sees of routing's state."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from cordboard.activities.routing.agent import Agent, AgentKey
from cordboard.activities.routing.queue_entry import QueueEntry
from cordboard.activities.routing.routing_store import ReservationKey, Snapshot
from cordboard.core.ids import AgentId, CallId
from cordboard.core.matching import IdleAgent, WaitingCall, match

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_waiting_call(entry: QueueEntry) -> WaitingCall:
    """Show a call that waits."""
    return WaitingCall(
        call_id=CallId(entry.wait.call_id),
        queue=entry.wait.queue,
        waiting_since_us=_us(entry.enqueued_at),
        skills=entry.wait.skills,
        priority=entry.wait.priority,
        passed_over=frozenset(map(AgentId, entry.passed_over)),
    )


def to_idle_agent(agent: Agent, queues: frozenset[str]) -> IdleAgent:
    """Show an agent who is ready; one that names no queues serves all `queues` of the tenant."""
    return IdleAgent(
        agent_id=AgentId(agent.key.agent_id),
        queues=agent.queues or queues,
        idle_since_us=_us(agent.idle_since),
        skills=agent.skills,
        reservation_epoch=agent.epoch,
    )


def matched(snapshot: Snapshot) -> list[ReservationKey]:
    """Decide who goes to whom, each tenant by itself."""
    calls: dict[str, list[WaitingCall]] = defaultdict(list)
    for entry in snapshot.waiting:
        calls[entry.wait.tenant].append(to_waiting_call(entry))
    agents: dict[str, list[IdleAgent]] = defaultdict(list)
    queues = {tenant: frozenset(call.queue for call in waiting) for tenant, waiting in calls.items()}
    for agent in snapshot.ready:
        agents[agent.key.tenant].append(to_idle_agent(agent, queues.get(agent.key.tenant, frozenset())))
    return [
        ReservationKey(AgentKey(tenant, one.agent_id), one.reservation_epoch, one.call_id)
        for tenant, waiting in calls.items()
        for one in match(waiting, agents[tenant])
    ]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
