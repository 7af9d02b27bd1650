"""MediaNodeService over gRPC."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.duration_pb2 import Duration

from cordboard.core.errors import CordboardError, InvalidError, UnauthenticatedError
from cordboard.media.v1.command_pb2 import Command
from cordboard.media.v1.media_node_service_pb2 import (
    ApplyBatchRequest,
    ApplyBatchResponse,
    ApplyRequest,
    ApplyResponse,
    AttachAudioRequest,
    AttachAudioResponse,
    CommandAnswer,
    DrainRequest,
    DrainResponse,
    GetStatsRequest,
    GetStatsResponse,
    LegStats,
)
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceServicer
from cordboard.media_node.leg import Leg
from cordboard.media_node.node import MediaNode
from cordboard.media_node.pcm_port import Attachment, PcmPort
from cordboard.media_node.room import Room
from cordboard.runtime.log_context import bind

SERVICE = "cordboard.media.v1.MediaNodeService"
LEG_TOKEN = "x-cordboard-leg-token"  # noqa: S105 - the name of a metadata key
_CLOSE_GRACE_SECONDS = 0.05
ATTACH_SECONDS = 5.0
MOST_COMMANDS = 100
ALLOWED = {
    f"/{SERVICE}/Apply": {"worker"},
    f"/{SERVICE}/ApplyBatch": {"worker"},
    f"/{SERVICE}/AttachAudio": {"voice-agent"},
    f"/{SERVICE}/GetStats": {"worker", "gateway", "cli"},
    f"/{SERVICE}/Drain": {"worker", "cli"},
}


class MediaNodeServicer(MediaNodeServiceServicer):
    """Puts a `MediaNode` behind the contract."""

    def __init__(self, node: MediaNode, *, attach_seconds: float = ATTACH_SECONDS) -> None:
        """Serve `node`; a stream that does not say within `attach_seconds` what it is for is ended."""
        self._node = node
        self._attach_seconds = attach_seconds

    async def Apply(self, request: ApplyRequest, context: Any) -> ApplyResponse:  # noqa: N802
        """Apply a command."""
        return ApplyResponse(result=await self._node.apply(request.command))

    async def ApplyBatch(self, request: ApplyBatchRequest, context: Any) -> ApplyBatchResponse:  # noqa: N802
        """Apply commands of one call in order."""
        if len(request.commands) > MOST_COMMANDS or len({command.call_id for command in request.commands}) > 1:
            raise InvalidError("BATCH_INVALID", "a batch is of one call and not endless", limit=str(MOST_COMMANDS))
        return ApplyBatchResponse(answers=[await self._answer(command) for command in request.commands])

    async def AttachAudio(self, request_iterator: Any, context: Any) -> AsyncIterator[AttachAudioResponse]:  # noqa: N802
        """Open a voice agent's port; the first message says which."""
        requests = aiter(request_iterator)
        try:
            async with asyncio.timeout(self._attach_seconds):
                first = await anext(requests, None)
        except TimeoutError as error:
            raise InvalidError("ATTACH_TIMEOUT", "a stream begins with attach, and soon") from error
        if first is None or first.WhichOneof("message") != "attach":
            raise InvalidError("ATTACH_MISSING", "the first message of a stream is attach")
        bind(call_id=first.attach.call_id, leg_id=first.attach.leg_id)
        token = _leg_token(context.invocation_metadata())
        port = self._node.port(first.attach.call_id, first.attach.leg_id)
        attachment = port.attach(token)
        reading = asyncio.create_task(_read(requests, port, attachment))
        try:
            async for response in attachment.messages():
                yield response
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            port.detach(attachment, "LOST")

    async def GetStats(self, request: GetStatsRequest, context: Any) -> GetStatsResponse:  # noqa: N802
        """Tell what the node, or one call, carries."""
        response = GetStatsResponse(rooms=len(self._node.rooms()), draining=self._node.draining)
        if request.call_id:
            room = self._node.room(request.call_id)
            response.legs.extend(
                _stats(room, leg, self._node.mos(request.call_id, leg.identity.leg_id)) for leg in room.legs()
            )
        return response

    async def Drain(self, request: DrainRequest, context: Any) -> DrainResponse:  # noqa: N802
        """Take no new rooms and wait for the open ones."""
        left = await self._node.drain(request.deadline.ToMicroseconds() / 1e6)
        return DrainResponse(rooms_left=left)

    async def _answer(self, command: Command) -> CommandAnswer:
        try:
            result = await self._node.apply(command)
        except CordboardError as error:
            if error.retryable:
                raise
            return CommandAnswer(command_seq=command.command_seq, reason=error.reason)
        return CommandAnswer(command_seq=command.command_seq, applied=True, result=result)


async def _read(requests: AsyncIterator[AttachAudioRequest], port: PcmPort, attachment: Attachment) -> None:
    """Do what the voice agent asks, until it closes its side."""
    reason = "LOST"
    try:
        async for request in requests:
            if attachment.closed:
                return
            match request.WhichOneof("message"):
                case "speech":
                    port.speak(request.speech)
                case "flush":
                    port.flush(request.flush.play_id)
                case _:
                    pass
        # A lost connection ends the requests as well, a moment before it cancels the call (and this task with it).
        await asyncio.sleep(_CLOSE_GRACE_SECONDS)
        reason = "RELEASED"
    finally:
        port.detach(attachment, reason)


def _leg_token(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == LEG_TOKEN and isinstance(value, str):
            return value
    raise UnauthenticatedError("LEG_TOKEN_MISSING", "the stream carries no leg token")


def _stats(room: Room, leg: Leg, mos: float) -> LegStats:
    leg_id = leg.identity.leg_id
    counters = room.counters(leg_id)
    jitter, round_trip = Duration(), Duration()
    jitter.FromMicroseconds(counters.reception.jitter_us)
    round_trip.FromMicroseconds(leg.far_report().round_trip_us)
    return LegStats(
        leg_id=leg_id,
        packets_received=counters.reception.received,
        packets_lost=counters.reception.lost,
        packets_sent=sum(sent.packets for sent in counters.sent),
        jitter=jitter,
        round_trip=round_trip,
        mos=mos,
    )
