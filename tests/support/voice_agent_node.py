"""A media node over real gRPC that does no more than AttachAudio, for the voice agent's port and process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from cordboard.core.errors import ForbiddenError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioRequest, AttachAudioResponse, Attached
from cordboard.media.v1.media_node_service_pb2_grpc import (
    MediaNodeServiceServicer,
    add_MediaNodeServiceServicer_to_server,
)
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import TokenVerifier

SERVICE = "cordboard.media.v1.MediaNodeService"
TOKEN = "leg-token"


class GrpcNode(MediaNodeServiceServicer):
    """Takes one port at a time."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[AttachAudioRequest] = asyncio.Queue()
        self.outbox: asyncio.Queue[AttachAudioResponse | None] = asyncio.Queue()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def AttachAudio(self, request_iterator: Any, context: Any) -> AsyncIterator[AttachAudioResponse]:
        if dict(context.invocation_metadata()).get("x-cordboard-leg-token") != TOKEN:
            raise ForbiddenError("LEG_TOKEN_WRONG", "the leg token does not open this port")
        requests = aiter(request_iterator)
        self.received.put_nowait(await anext(requests))
        reading = asyncio.create_task(self._read(requests))
        try:
            yield AttachAudioResponse(attached=Attached(media_us=1_000))
            while (response := await self.outbox.get()) is not None:
                yield response
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, requests: AsyncIterator[AttachAudioRequest]) -> None:
        try:
            async for request in requests:
                self.received.put_nowait(request)
            # A lost connection ends the requests as well, a moment before it cancels the call and this task.
            await asyncio.sleep(0.1)
            self.ended.set_result("RELEASED")
        finally:
            if not self.ended.done():
                self.ended.set_result("LOST")
            self.outbox.put_nowait(None)

    async def next(self) -> AttachAudioRequest:
        async with asyncio.timeout(20):
            return await self.received.get()


async def start_node(keys: Path) -> tuple[GrpcServer, GrpcNode, str]:
    """Serve a node on a free port."""
    node = GrpcNode()  # type: ignore[abstract]  # only AttachAudio is called
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "media-node")
    server.add(add_MediaNodeServiceServicer_to_server, node, SERVICE)
    port = await server.start()
    return server, node, f"127.0.0.1:{port}"
