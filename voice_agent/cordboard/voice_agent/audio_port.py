"""The port through which a voice agent hears and speaks: AttachAudio on the media node."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

import grpc

from cordboard.core.errors import UnavailableError
from cordboard.media.v1.media_node_service_pb2 import Attach, AttachAudioRequest, AttachAudioResponse
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.grpc_channel import translate_errors

LEG_TOKEN = "x-cordboard-leg-token"  # noqa: S105 - the name of the metadata, not a token


GOODBYE_S = 1.0


class AudioPort(Protocol):
    """A bidirectional stream of speech with one leg's ear and mouth."""

    def receive(self) -> AsyncIterator[AttachAudioResponse]:
        """Give what the node sends until the port is closed. Raises CordboardError when it is lost."""
        ...

    async def send(self, request: AttachAudioRequest) -> None:
        """Send to the node. Raises CordboardError when the port is lost."""
        ...

    async def close(self, *, released: bool) -> None:
        """Close the port; receive ends. One that was not released counts as lost: the node reports which."""
        ...


class GrpcAudioPort:
    """The port of one leg on a real media node."""

    def __init__(self, channel: grpc.aio.Channel, *, call_id: str, leg_id: str, leg_token: str) -> None:
        """Take the channel to the node, which is closed with the port."""
        self._channel = channel
        self._attach = AttachAudioRequest(attach=Attach(call_id=call_id, leg_id=leg_id))
        self._outbox: asyncio.Queue[AttachAudioRequest | None] = asyncio.Queue()
        self._outbox.put_nowait(self._attach)
        self._closed = False
        self._stream = MediaNodeServiceStub(channel).AttachAudio(
            self._requests(), metadata=((LEG_TOKEN, leg_token),), wait_for_ready=True, timeout=None
        )

    async def receive(self) -> AsyncIterator[AttachAudioResponse]:
        """Give what the node sends until the port is closed. Raises CordboardError when it is lost."""
        try:
            async with translate_errors():
                async for response in self._stream:
                    yield response
        except asyncio.CancelledError:
            if not self._closed:
                raise

    async def send(self, request: AttachAudioRequest) -> None:
        """Send to the node. Raises UnavailableError(PORT_CLOSED) when the port is closed."""
        if self._closed:
            raise UnavailableError("PORT_CLOSED", "the audio port is closed")
        self._outbox.put_nowait(request)

    async def close(self, *, released: bool) -> None:
        """Close the port and its channel; receive ends. One that was not released counts as lost."""
        if self._closed:
            return
        self._closed = True
        if released:
            self._outbox.put_nowait(None)
            with contextlib.suppress(TimeoutError, asyncio.CancelledError, grpc.aio.AioRpcError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._stream.code()
        self._stream.cancel()
        await self._channel.close()

    async def _requests(self) -> AsyncIterator[AttachAudioRequest]:
        while (request := await self._outbox.get()) is not None:
            yield request
