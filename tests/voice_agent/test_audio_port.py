"""The port on a node over gRPC, and the port in memory, under one contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from voice_agent_call import MemoryNode
from voice_agent_node import TOKEN, GrpcNode, start_node

from cordboard.core.errors import CordboardError, ForbiddenError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioRequest, AttachAudioResponse, HeardAudio, Speech
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys
from cordboard.voice_agent.audio_port import AudioPort, GrpcAudioPort

FRAME = AttachAudioResponse(audio=HeardAudio(media_us=1, pcm=b"\0\0"))


@dataclass
class Line:
    """A port and its far end."""

    port: AudioPort
    memory: MemoryNode | None = None
    grpc: GrpcNode | None = None

    def let_hear(self) -> None:
        if self.grpc is not None:
            self.grpc.outbox.put_nowait(FRAME)
        elif self.memory is not None:
            self.memory.frame(FRAME.audio.pcm)

    async def spoken(self) -> AttachAudioRequest:
        if self.grpc is not None:
            return await self.grpc.next()
        assert self.memory is not None
        return self.memory.sent[-1]


@asynccontextmanager
async def grpc_line(keys: Path, token: str = TOKEN) -> AsyncIterator[Line]:
    create_keys(keys)
    server, node, address = await start_node(keys)
    channel = open_channel(address, ServiceIdentity.load(keys, "voice-agent", "voice-1"), "media-node")
    port = GrpcAudioPort(channel, call_id="call-1", leg_id="leg-ai", leg_token=token)
    try:
        yield Line(port, grpc=node)
    finally:
        await port.close(released=False)
        await server.stop(0)


@pytest.fixture(params=["grpc", "memory"])
async def line(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Line]:
    if request.param == "memory":
        node = MemoryNode()
        node.attach()
        yield Line(node, memory=node)
        return
    async with grpc_line(tmp_path) as line:
        yield line


async def test_the_node_says_first_that_the_port_is_open_and_then_what_is_heard(line: Line) -> None:
    responses = line.port.receive()
    async with asyncio.timeout(10):
        assert (await anext(responses)).WhichOneof("message") == "attached"
        line.let_hear()
        assert (await anext(responses)).audio.pcm == b"\0\0"


async def test_what_is_said_reaches_the_node(line: Line) -> None:
    responses = line.port.receive()
    async with asyncio.timeout(10):
        await anext(responses)
        if line.grpc is not None:
            assert (await line.grpc.next()).attach.leg_id == "leg-ai"
        await line.port.send(AttachAudioRequest(speech=Speech(play_id="p1", pcm=b"\1\0", last=True)))
        assert (await line.spoken()).speech.play_id == "p1"


async def test_receiving_ends_when_the_port_is_closed(line: Line) -> None:
    responses = line.port.receive()
    async with asyncio.timeout(10):
        await anext(responses)
        await line.port.close(released=True)
        assert [response async for response in responses] == []


@pytest.mark.parametrize(("released", "reason"), [(True, "RELEASED"), (False, "LOST")])
async def test_the_node_can_tell_a_release_from_a_loss(tmp_path: Path, released: bool, reason: str) -> None:
    async with grpc_line(tmp_path) as line, asyncio.timeout(10):
        responses = line.port.receive()
        await anext(responses)
        await line.port.close(released=released)
        assert line.grpc is not None
        assert await line.grpc.ended == reason


async def test_a_wrong_token_is_reported_by_its_reason(tmp_path: Path) -> None:
    async with grpc_line(tmp_path, token="other") as line, asyncio.timeout(10):
        with pytest.raises(ForbiddenError, match="LEG_TOKEN_WRONG"):
            await anext(line.port.receive())


async def test_nothing_can_be_said_on_a_closed_port(tmp_path: Path) -> None:
    async with grpc_line(tmp_path) as line:
        await line.port.close(released=False)
        with pytest.raises(CordboardError, match="PORT_CLOSED"):
            await line.port.send(AttachAudioRequest())
