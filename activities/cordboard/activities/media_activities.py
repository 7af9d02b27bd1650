"""Commands to the media nodes."""

from collections.abc import Sequence
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from temporalio import activity

from cordboard.activities.channels import Channels
from cordboard.activity.v1.call_activities_pb2 import ApplyCommandsInput, ApplyCommandsResult, CommandOutcome
from cordboard.core.errors import CordboardError
from cordboard.media.v1.command_pb2 import Command, CommandResult
from cordboard.media.v1.media_node_service_pb2 import ApplyRequest
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.error_table import translate_errors

DEADLINE = 2.0


class MediaNodes(Protocol):
    """Media nodes by address. One implementation speaks gRPC, the other is a node in memory."""

    async def apply(self, address: str, request: ApplyRequest) -> CommandResult:
        """Have a node carry out a command. Raises what the node refuses with, and UnavailableError."""
        ...


class MediaNodesClient:
    """Media nodes, reached over gRPC."""

    def __init__(self, channels: Channels, *, deadline: float = DEADLINE) -> None:
        self._channels = channels
        self._deadline = deadline

    async def apply(self, address: str, request: ApplyRequest) -> CommandResult:
        """Have a node carry out a command; see MediaNodes.apply."""
        stub = MediaNodeServiceStub(self._channels.to(address))
        async with translate_errors():
            response = await stub.Apply(request, timeout=self._deadline)
        return response.result


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
    """Have a node carry out commands one after the other. Raises UnavailableError when it is away."""
    outcomes: list[CommandOutcome] = []
    for command in commands:
        try:
            result = await nodes.apply(address, ApplyRequest(request_id=_request_id(command), command=command))
        except CordboardError as error:
            if error.retryable:
                raise
            outcomes.append(CommandOutcome(command_seq=command.command_seq, applied=False, reason=error.reason))
        else:
            outcomes.append(CommandOutcome(command_seq=command.command_seq, applied=True, result=result))
    return outcomes


def _request_id(command: Command) -> str:
    """Name the request; repeats of a command carry the same name."""
    numbers = f"{command.call_id}/{command.placement_epoch}/{command.command_seq}"
    return str(uuid5(NAMESPACE_URL, f"cordboard:command/{numbers}"))
