"""Control of the voice agents."""

import asyncio
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_URL, uuid5

from temporalio import activity

from cordboard.activities.channels import Channels
from cordboard.activities.conversation import conversation_of
from cordboard.activities.last_line import last_line_of
from cordboard.activities.node_registry import NodeRegistry
from cordboard.activities.profile_store import ProfileStore
from cordboard.activity.v1.call_activities_pb2 import (
    DeliverToolResultInput,
    EngageVoiceInput,
    EngageVoiceResult,
    ReleaseVoiceInput,
    SayLineInput,
)
from cordboard.call.v1.call_pb2 import TALK_OUTCOME_UNSPECIFIED, TalkOutcome
from cordboard.core.errors import ExhaustedError, NotFoundError, UnavailableError
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_VOICE, Node
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.ledger_client import Ledger, call_stream
from cordboard.voice.v1.voice_agent_service_pb2 import (
    DeliverToolResultRequest,
    EngageRequest,
    EngageResponse,
    ReleaseRequest,
    SayRequest,
    SayResponse,
)
from cordboard.voice.v1.voice_agent_service_pb2_grpc import VoiceAgentServiceStub

if TYPE_CHECKING:
    from cordboard.voice.v1.voice_agent_service_pb2_grpc import VoiceAgentServiceAsyncStub

DEADLINE = 2.0
NO_NODE = "NO_NODE"
LAST_LINE_PAUSE = 0.25
LAST_LINE_LOOKS = 16
"""How often, and after how many seconds each, is looked whether a last line was played to its end."""
CANDIDATES = 3
"""Voice agents that one engagement asks before it gives up."""


class VoiceAgents(Protocol):
    """Voice agents by address. One implementation speaks gRPC, the other is an agent in memory."""

    async def engage(self, address: str, request: EngageRequest) -> EngageResponse:
        """Have an agent take the talk. Raises ExhaustedError(AGENT_FULL), UnavailableError, InvalidError."""
        ...

    async def deliver(self, address: str, request: DeliverToolResultRequest) -> None:
        """Hand over the result of a tool. Raises NotFoundError when the agent has no such call."""
        ...

    async def say(self, address: str, request: SayRequest) -> SayResponse:
        """Have a line said. Raises NotFoundError when the agent has no such call."""
        ...

    async def release(self, address: str, request: ReleaseRequest) -> None:
        """Take the agent out. Raises NotFoundError when the agent has no such call."""
        ...


class VoiceAgentsClient:
    """Voice agents, reached over gRPC."""

    def __init__(self, channels: Channels, *, deadline: float = DEADLINE) -> None:
        self._channels = channels
        self._deadline = deadline

    async def engage(self, address: str, request: EngageRequest) -> EngageResponse:
        """Have an agent take the talk; see VoiceAgents.engage."""
        async with translate_errors():
            return await self._stub(address).Engage(request, timeout=self._deadline)

    async def deliver(self, address: str, request: DeliverToolResultRequest) -> None:
        """Hand over the result of a tool; see VoiceAgents.deliver."""
        async with translate_errors():
            await self._stub(address).DeliverToolResult(request, timeout=self._deadline)

    async def say(self, address: str, request: SayRequest) -> SayResponse:
        """Have a line said; see VoiceAgents.say."""
        async with translate_errors():
            return await self._stub(address).Say(request, timeout=self._deadline)

    async def release(self, address: str, request: ReleaseRequest) -> None:
        """Take the agent out; see VoiceAgents.release."""
        async with translate_errors():
            await self._stub(address).Release(request, timeout=self._deadline)

    def _stub(self, address: str) -> "VoiceAgentServiceAsyncStub":
        return VoiceAgentServiceStub(self._channels.to(address))


class VoiceActivities:
    """The activities that control voice agents."""

    def __init__(self, agents: VoiceAgents, registry: NodeRegistry, profiles: ProfileStore, ledger: Ledger) -> None:
        self._agents = agents
        self._registry = registry
        self._profiles = profiles
        self._ledger = ledger

    @activity.defn
    async def engage_voice(self, engagement: EngageVoiceInput) -> EngageVoiceResult:
        """Choose a voice agent and have it take the talk; one that is full or away is passed over for the next."""
        request = EngageRequest()
        request.CopyFrom(engagement.request)
        if engagement.resume and (closing := await self._closing(request.call_id)):
            return EngageVoiceResult(closing=closing)
        request.profile = (await self._profiles.content(engagement.profile_digest)).decode()
        if engagement.resume or engagement.after_human:
            events = self._ledger.read(call_stream(request.call_id), with_phi=True)
            request.context.CopyFrom(await conversation_of(events, engagement.consent))
            request.context.after_human = engagement.after_human
        avoid = list(engagement.avoid)
        for ordinal in range(CANDIDATES):
            node = await self._choose(request, ordinal, avoid)
            try:
                answer = await self._agents.engage(node.address, request)
            except (ExhaustedError, UnavailableError):
                avoid.append(node.node_id)
            else:
                return EngageVoiceResult(
                    node_id=node.node_id, address=node.address, engine_versions=answer.engine_versions
                )
        raise UnavailableError("VOICE_AWAY", "no voice agent took the call", call_id=request.call_id)

    async def _closing(self, call_id: str) -> TalkOutcome.ValueType:
        """Tell how the talk ended when its voice agent died over the last line, once the node has played that."""
        outcome: TalkOutcome.ValueType = TALK_OUTCOME_UNSPECIFIED
        for _ in range(LAST_LINE_LOOKS):
            line = await last_line_of(self._ledger.read(call_stream(call_id)))
            outcome = line.outcome
            if line.is_over:
                break
            await asyncio.sleep(LAST_LINE_PAUSE)
        return outcome

    async def _choose(self, request: EngageRequest, ordinal: int, avoid: list[str]) -> Node:
        """Choose a voice agent; when all others are gone, one of those that were to be avoided will do."""
        attempt = activity.info().attempt if activity.in_activity() else 1
        # A repeated request would get the placement it had; each try is to look anew.
        name = f"{request.request_id}/{attempt}/{ordinal}"
        try:
            placement = await self._registry.place(
                request_id=_derived(name), call_id=request.call_id, kind=NODE_KIND_VOICE, avoid=avoid
            )
        except UnavailableError as error:
            if not avoid or error.reason != NO_NODE:
                raise
            placement = await self._registry.place(
                request_id=_derived(name + "/any"), call_id=request.call_id, kind=NODE_KIND_VOICE
            )
        return placement.node

    @activity.defn
    async def release_voice(self, release: ReleaseVoiceInput) -> None:
        """Take the voice agent out of the call; one that has left already is fine."""
        try:
            await self._agents.release(release.address, release.request)
        except NotFoundError:
            return

    @activity.defn
    async def say_line(self, line: SayLineInput) -> SayResponse:
        """Have the voice agent say a line at the next pause."""
        return await self._agents.say(line.address, line.request)

    @activity.defn
    async def deliver_tool_result(self, delivery: DeliverToolResultInput) -> None:
        """Hand the result of a tool to the voice agent."""
        await self._agents.deliver(delivery.address, delivery.request)


def _derived(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"cordboard:place/{name}"))
