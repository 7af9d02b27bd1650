"""How a call and routing to human agents reach one another: the activities' stubs, and the names of the signals.

The bodies live in `cordboard.activities.routing`. Each activity may be repeated: the same request has one effect.
"""

from typing import Final

from temporalio import activity

from cordboard.activity.v1.routing_activities_pb2 import (
    RoutingCancelInput,
    RoutingConfirmInput,
    RoutingEnqueueInput,
    RoutingReleaseInput,
)

SIGNAL_AGENT_RESERVED: Final = "agent_reserved"
"""AgentReservation: a human agent is set aside; ring them, then confirm or release. A later one supersedes it."""

SIGNAL_AGENT_WITHDRAWN: Final = "agent_withdrawn"
"""AgentWithdrawal: a reservation ended by itself before it was confirmed; the call waits in its queue again."""

SIGNAL_QUEUE_MOVED: Final = "queue_moved"
"""QueuePlace: the call's place in its queue, at most once in five seconds."""


@activity.defn
async def routing_enqueue(wait: RoutingEnqueueInput) -> None:
    """Put a call into a queue, or ask for other skills or another priority while it waits there already.

    A call that a human agent took waits anew. Raises UnavailableError(ROUTING_AWAY), UnimplementedError where no
    routing is set up.
    """
    raise NotImplementedError


@activity.defn
async def routing_cancel(wait: RoutingCancelInput) -> None:
    """Take a call out of its queue; an agent who is set aside for it is ready again. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def routing_confirm(taken: RoutingConfirmInput) -> None:
    """Note that the agent took the call and is busy from now on.

    Raises WrongStateError(STALE_EPOCH) when the reservation is over: the agent may be another call's by now.
    """
    raise NotImplementedError


@activity.defn
async def routing_release(left: RoutingReleaseInput) -> None:
    """Give an agent back. A call that had not confirmed waits in its queue again, unless it was taken out of it.

    A reservation that is over already is fine. Raises UnavailableError.
    """
    raise NotImplementedError


ALL = (routing_enqueue, routing_cancel, routing_confirm, routing_release)
