"""The twins of media node and voice agent behind real gRPC servers, registered with a real registry."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cordboard.activities.memory_media_nodes import MemoryMediaNodes
from cordboard.activities.memory_voice_agents import MemoryVoiceAgents
from cordboard.core.errors import CordboardError, UnimplementedError
from cordboard.media.v1.media_node_service_pb2 import ApplyBatchRequest, ApplyBatchResponse
from cordboard.media.v1.media_node_service_pb2_grpc import (
    MediaNodeServiceServicer,
    add_MediaNodeServiceServicer_to_server,
)
from cordboard.registry.v1.node_registry_service_pb2 import (
    NODE_KIND_MEDIA,
    NODE_KIND_VOICE,
    Node,
    RegisterRequest,
)
from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceStub
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.voice.v1.voice_agent_service_pb2 import (
    DeliverToolResultRequest,
    DeliverToolResultResponse,
    EngageRequest,
    EngageResponse,
    ReleaseRequest,
    ReleaseResponse,
    SayRequest,
    SayResponse,
)
from cordboard.voice.v1.voice_agent_service_pb2_grpc import (
    VoiceAgentServiceServicer,
    add_VoiceAgentServiceServicer_to_server,
)


class MediaNodeTwin(MediaNodeServiceServicer):
    """A media node without media."""

    def __init__(self, nodes: MemoryMediaNodes) -> None:
        self.nodes = nodes

    async def Apply(self, request: Any, context: Any) -> Any:
        """Commands come in batches."""
        raise UnimplementedError("UNIMPLEMENTED", "the twin takes batches")

    async def ApplyBatch(self, request: ApplyBatchRequest, context: Any) -> ApplyBatchResponse:
        """Carry out commands."""
        return ApplyBatchResponse(answers=await self.nodes.apply("m1:1", request))

    def AttachAudio(self, request_iterator: Any, context: Any) -> Any:
        """There is no audio."""
        raise UnimplementedError("UNIMPLEMENTED", "the twin has no audio")

    async def GetStats(self, request: Any, context: Any) -> Any:
        """There is nothing to count."""
        raise UnimplementedError("UNIMPLEMENTED", "the twin counts nothing")

    async def Drain(self, request: Any, context: Any) -> Any:
        """There is nothing to wait for."""
        raise UnimplementedError("UNIMPLEMENTED", "the twin does not drain")


class VoiceAgentTwin(VoiceAgentServiceServicer):
    """A voice agent without a voice."""

    def __init__(self, agents: MemoryVoiceAgents) -> None:
        self.agents = agents

    async def Engage(self, request: EngageRequest, context: Any) -> EngageResponse:
        """Take a talk."""
        return await self.agents.engage("v1:1", request)

    async def DeliverToolResult(self, request: DeliverToolResultRequest, context: Any) -> DeliverToolResultResponse:
        """Take a tool's result."""
        await self.agents.deliver("v1:1", request)
        return DeliverToolResultResponse()

    async def Say(self, request: SayRequest, context: Any) -> SayResponse:
        """Say a line."""
        return await self.agents.say("v1:1", request)

    async def Release(self, request: ReleaseRequest, context: Any) -> ReleaseResponse:
        """Leave a call."""
        await self.agents.release("v1:1", request)
        return ReleaseResponse()


@asynccontextmanager
async def media_node(keys: Path, nodes: MemoryMediaNodes) -> AsyncIterator[str]:
    """Serve a media node and give its address."""
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "media-node")
    server.add(add_MediaNodeServiceServicer_to_server, MediaNodeTwin(nodes), "cordboard.media.v1.MediaNodeService")
    port = await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@asynccontextmanager
async def voice_agent(keys: Path, agents: MemoryVoiceAgents) -> AsyncIterator[str]:
    """Serve a voice agent and give its address."""
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "voice-agent")
    server.add(add_VoiceAgentServiceServicer_to_server, VoiceAgentTwin(agents), "cordboard.voice.v1.VoiceAgentService")
    port = await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@asynccontextmanager
async def registered(keys: Path, ledger: str, component: str, address: str) -> AsyncIterator[Node]:
    """Keep a process registered as `{component}-1`."""
    kind = NODE_KIND_MEDIA if component == "media-node" else NODE_KIND_VOICE
    node = Node(node_id=f"{component}-1", kind=kind, address=address, boot_id="b1", capacity=50)
    identity = ServiceIdentity.load(keys, component, node.node_id)
    async with open_channel(ledger, identity, "ledger") as channel:
        stub = NodeRegistryServiceStub(channel)

        async def register() -> None:
            async with translate_errors():
                await stub.Register(RegisterRequest(node=node), timeout=5)

        async def renew() -> None:
            while True:
                await asyncio.sleep(1)
                with contextlib.suppress(CordboardError):
                    await register()

        await register()
        renewing = asyncio.create_task(renew())
        try:
            yield node
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
