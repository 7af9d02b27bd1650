"""Signals to the calls' workflows."""

from typing import Protocol

from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cordboard.call.v1.call_workflow_pb2 import FactBatch, NodeLost
from cordboard.core.errors import InternalError, UnavailableError
from cordboard.workflows.names import CALL_WORKFLOW, SIGNAL_LOSE_NODE, SIGNAL_TAKE_FACTS, call_id_of, workflow_id
from cordboard.workflows.search_attributes import MEDIA_NODE

_PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)


class CallSignals(Protocol):
    """Tells running calls what happened. One implementation asks Temporal, the other remembers in memory."""

    async def take_facts(self, call_id: str, batch: FactBatch) -> None:
        """Hand facts to a call; one that is over has no use for them, and that is fine.

        Raises UnavailableError when repeating helps.
        """
        ...

    async def lose_node(self, lost: NodeLost) -> None:
        """Tell the calls on a media node that it is gone. Raises UnavailableError."""
        ...


class TemporalCallSignals:
    """Signals through a Temporal client with the calls' data converter."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def take_facts(self, call_id: str, batch: FactBatch) -> None:
        """Hand facts to a call; see CallSignals.take_facts."""
        await self._signal(call_id, SIGNAL_TAKE_FACTS, batch)

    async def lose_node(self, lost: NodeLost) -> None:
        """Tell the calls on a media node that it is gone; see CallSignals.lose_node.

        Which calls those are comes from the search attributes, which may lag: a call that is missed here notices by
        its own next command. A call that is told in error compares the node with its own and ignores it.
        """
        query = (
            f"WorkflowType = '{CALL_WORKFLOW}' and ExecutionStatus = 'Running' and {MEDIA_NODE.name} = '{lost.node_id}'"
        )
        try:
            async for call in self._client.list_workflows(query):
                call_id = call_id_of(call.id)
                if call_id is not None:
                    await self._signal(call_id, SIGNAL_LOSE_NODE, lost)
        except RPCError as error:
            raise _of_rpc(error) from None

    async def _signal(self, call_id: str, name: str, payload: Message) -> None:
        handle = self._client.get_workflow_handle(workflow_id(call_id))
        try:
            await handle.signal(name, payload)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return
            raise _of_rpc(error) from None


def _of_rpc(error: RPCError) -> Exception:
    if error.status in _PASSING:
        return UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached")
    return InternalError("TEMPORAL_REFUSED", "Temporal refused a signal", code=error.status.name)
