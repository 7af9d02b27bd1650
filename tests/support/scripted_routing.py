"""Routing that only remembers what calls asked of it; tests say what it does."""

from temporalio import activity

from cordboard.activity.v1.routing_activities_pb2 import (
    RoutingCancelInput,
    RoutingConfirmInput,
    RoutingEnqueueInput,
    RoutingReleaseInput,
)
from cordboard.call.v1.agent_facts_pb2 import AgentState
from cordboard.core.errors import UnavailableError, UnimplementedError, WrongStateError

Request = RoutingEnqueueInput | RoutingCancelInput | RoutingConfirmInput | RoutingReleaseInput


class ScriptedRouting:
    """Remembers requests in order, each once; `away` fails them all, `absent` refuses them for good."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.away = False
        self.absent = False
        self.stale = False
        """Whether every reservation is over by the time that it is confirmed."""

    @activity.defn
    async def routing_enqueue(self, wait: RoutingEnqueueInput) -> None:
        """Let a call wait."""
        self._take(wait)

    @activity.defn
    async def routing_cancel(self, wait: RoutingCancelInput) -> None:
        """Take a call out of its queue."""
        self._take(wait)

    @activity.defn
    async def routing_confirm(self, taken: RoutingConfirmInput) -> None:
        """Note that an agent took the call."""
        if self.stale:
            raise WrongStateError("STALE_EPOCH", "the reservation is over")
        self._take(taken)

    @activity.defn
    async def routing_release(self, left: RoutingReleaseInput) -> None:
        """Give an agent back."""
        self._take(left)

    def of(self, call_id: str) -> list[str]:
        """Show what a call asked for, such as `enqueue 1`, `release ann 1 NOT_READY NO_ANSWER`."""
        return [_shown(request) for request in self.asked if request.call_id == call_id]

    def wait_of(self, call_id: str) -> RoutingEnqueueInput:
        """Give the newest wait that a call asked for."""
        waits = [request for request in self.asked if isinstance(request, RoutingEnqueueInput)]
        return next(wait for wait in reversed(waits) if wait.call_id == call_id)

    def _take(self, request: Request) -> None:
        if self.away:
            raise UnavailableError("ROUTING_AWAY", "the tables cannot be reached")
        if self.absent:
            raise UnimplementedError("UNIMPLEMENTED", "no routing is set up")
        if request not in self.asked:
            self.asked.append(request)


def _shown(request: Request) -> str:
    if isinstance(request, RoutingEnqueueInput):
        return f"enqueue {request.ordinal}"
    if isinstance(request, RoutingCancelInput):
        return f"cancel {request.ordinal}"
    agent = f"{request.agent_id} {request.reservation_epoch}"
    if isinstance(request, RoutingConfirmInput):
        return f"confirm {agent}"
    state = AgentState.Name(request.next_state).removeprefix("AGENT_STATE_")
    return f"release {agent} {state} {request.reason}".strip()
