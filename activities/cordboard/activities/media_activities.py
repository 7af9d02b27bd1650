"""Commands to the media nodes."""

from collections.abc import Sequence
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from temporalio import activity

from cordboard.activities.channels import Channels
from cordboard.activity.v1.call_activities_pb2 import ApplyCommandsInput, ApplyCommandsResult, CommandOutcome
from cordboard.media.v1.command_pb2 import Command
from cordboard.media.v1.media_node_service_pb2 import ApplyBatchRequest, CommandAnswer
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.error_table import translate_errors

DEADLINE = 2.0


class MediaNodes(Protocol):
    """Media nodes by address. One implementation speaks gRPC, the other is a node in memory."""

    async def apply(self, address: str, request: ApplyBatchRequest) -> Sequence[CommandAnswer]:
        """Have a node carry out commands of one call in order; what it refuses is an answer, and the next is tried.

        Raises UnavailableError, and what a request is worth repeating after.
        """
        ...


class MediaNodesClient:
    """Media nodes, reached over gRPC."""

    def __init__(self, channels: Channels, *, deadline: float = DEADLINE) -> None:
        self._channels = channels
        self._deadline = deadline

    async def apply(self, address: str, request: ApplyBatchRequest) -> Sequence[CommandAnswer]:
        """Have a node carry out commands; see MediaNodes.apply."""
        stub = MediaNodeServiceStub(self._channels.to(address))
        async with translate_errors():
            response = await stub.ApplyBatch(request, timeout=self._deadline)
        return response.answers


class MediaActivities:
    """The activities that command media nodes."""

    def __init__(self, nodes: MediaNodes) -> None:
        self._nodes = nodes

    @activity.defn
    async def apply_commands(self, batch: ApplyCommandsInput) -> ApplyCommandsResult:
        """Have the node carry out commands in order; a refusal is an outcome, a node that is away is an error.

        A repeat of the batch is answered from the node's cache.
        """
        return ApplyCommandsResult(outcomes=await apply_in_order(self._nodes, batch.node_address, batch.commands))


async def apply_in_order(nodes: MediaNodes, address: str, commands: Sequence[Command]) -> list[CommandOutcome]:
    """Have a node carry out commands one after the other, in one trip. Raises UnavailableError when it is away."""
    if not commands:
        return []
    request = ApplyBatchRequest(request_id=_request_id(commands), commands=commands)
    return [
        CommandOutcome(
            command_seq=answer.command_seq,
            applied=answer.applied,
            reason=answer.reason,
            result=answer.result if answer.applied else None,
        )
        for answer in await nodes.apply(address, request)
    ]


def _request_id(commands: Sequence[Command]) -> str:
    """Name the request; repeats of a batch carry the same name."""
    first, last = commands[0], commands[-1]
    numbers = f"{first.call_id}/{first.placement_epoch}/{first.command_seq}-{last.command_seq}"
    return str(uuid5(NAMESPACE_URL, f"cordboard:command/{numbers}"))
