"""Signals from routing to the calls' workflows."""

import asyncio
import logging
from typing import Final, Protocol

from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cordboard.call.v1.call_workflow_pb2 import AgentReservation, AgentWithdrawal, QueuePlace
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.workflows.names import workflow_id
from cordboard.workflows.routing_stubs import (
    SIGNAL_AGENT_RESERVED,
    SIGNAL_AGENT_WITHDRAWN,
    SIGNAL_QUEUE_MOVED,
)

_log = logging.getLogger(__name__)

SEND_SECONDS = 3.0

RoutingMessage = AgentReservation | AgentWithdrawal | QueuePlace

NAMES: Final[dict[type[Message], str]] = {
    AgentReservation: SIGNAL_AGENT_RESERVED,
    AgentWithdrawal: SIGNAL_AGENT_WITHDRAWN,
    QueuePlace: SIGNAL_QUEUE_MOVED,
}
"""The signal that carries each message."""


class RoutingSignals(Protocol):
    """Tells calls what routing did for them. One implementation asks Temporal, the other remembers in memory."""

    async def send(self, call_id: str, message: RoutingMessage) -> bool:
        """Tell a call; False when there is no such call any more. Raises UnavailableError when repeating helps."""
        ...


class TemporalRoutingSignals:
    """Signals through a Temporal client with the calls' data converter."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, call_id: str, message: RoutingMessage) -> bool:
        """Tell a call; see RoutingSignals.send."""
        handle = self._client.get_workflow_handle(workflow_id(call_id))
        try:
            # The client repeats by itself for long; a call that cannot be told must not hold up the others.
            async with asyncio.timeout(SEND_SECONDS):
                await handle.signal(NAMES[type(message)], message)
        except TimeoutError:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal does not answer") from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from None
        except CordboardError as error:
            if error.retryable:
                raise
            # Such as a call whose key was destroyed: nobody can tell it anything any more.
            _log.error("a call cannot be told", extra={"call_id": call_id, "reason": error.reason})
            return False
        return True


class MemoryRoutingSignals:
    """Signals that are only remembered: the twin for tests. Calls in `over` are gone; `away` fails them all."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, RoutingMessage]] = []
        self.over: set[str] = set()
        self.away = False

    async def send(self, call_id: str, message: RoutingMessage) -> bool:
        """Tell a call; see RoutingSignals.send."""
        if self.away:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached")
        if call_id in self.over:
            return False
        self.sent.append((call_id, message))
        return True

    def reservations(self, call_id: str) -> list[AgentReservation]:
        """Give the reservations that a call was told of."""
        return [one for told, one in self.sent if told == call_id and isinstance(one, AgentReservation)]
