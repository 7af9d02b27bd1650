"""One room on a media node, steered as a call's workflow steers it."""

from typing import TYPE_CHECKING

import grpc

from cordboard.media.v1.command_pb2 import (
    AddLeg,
    CloseRoom,
    Command,
    CommandResult,
    CreateRoom,
    RemoveLeg,
    SetRouting,
    WebrtcOffer,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, Listening, RoutingMatrix
from cordboard.media.v1.media_node_service_pb2 import ApplyRequest
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.grpc_channel import translate_errors

if TYPE_CHECKING:
    from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceAsyncStub

_DEADLINE = 10.0


class NodeRoom:
    """The commands of one call, numbered."""

    def __init__(self, channel: grpc.aio.Channel, call_id: str) -> None:
        """Steer the call's room over a channel that shows a worker's identity."""
        self._stub: MediaNodeServiceAsyncStub = MediaNodeServiceStub(channel)
        self._call_id = call_id
        self._seq = 0

    async def open(self) -> None:
        """Create the room."""
        await self._apply(Command(create_room=CreateRoom(tenant="bench")))

    async def add(self, leg_id: str, offer: str) -> str:
        """Add a WebRTC leg and give the answer to its offer."""
        add = AddLeg(leg_id=leg_id, role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp=offer))
        return (await self._apply(Command(add_leg=add))).sdp_answer

    async def remove(self, leg_id: str) -> None:
        """Take a leg out."""
        await self._apply(Command(remove_leg=RemoveLeg(leg_id=leg_id, reason="DONE")))

    async def route(self, hears: dict[str, list[str]]) -> None:
        """Set who hears whom."""
        rows = [Listening(leg_id=leg_id, hears=sources) for leg_id, sources in hears.items()]
        await self._apply(Command(set_routing=SetRouting(matrix=RoutingMatrix(rows=rows))))

    async def close(self) -> None:
        """Close the room."""
        await self._apply(Command(close_room=CloseRoom(reason="DONE")))

    async def _apply(self, command: Command) -> CommandResult:
        self._seq += 1
        command.call_id, command.placement_epoch, command.command_seq = self._call_id, 1, self._seq
        async with translate_errors():
            response = await self._stub.Apply(ApplyRequest(command=command), timeout=_DEADLINE)
        return response.result
