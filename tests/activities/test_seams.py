"""Each seam of the calls' activities: the client over gRPC and the twin in memory keep the same promises."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_server import ledger_server
from node_servers import media_node, registered, voice_agent

from cordboard.activities.channels import Channels
from cordboard.activities.media_activities import MediaNodes, MediaNodesClient, apply_in_order
from cordboard.activities.memory_media_nodes import MemoryMediaNodes
from cordboard.activities.memory_node_registry import MemoryNodeRegistry
from cordboard.activities.memory_voice_agents import MemoryVoiceAgents
from cordboard.activities.node_registry import NodeRegistry, NodeRegistryClient
from cordboard.activities.voice_activities import VoiceAgents, VoiceAgentsClient
from cordboard.core.errors import NotFoundError, UnavailableError
from cordboard.media.v1.command_pb2 import AddLeg, CloseRoom, Command, CreateRoom, PcmPort, WebrtcOffer
from cordboard.media.v1.media_node_service_pb2 import ApplyBatchRequest, CommandAnswer
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA, NODE_KIND_VOICE, Node
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, create_keys
from cordboard.voice.v1.voice_agent_service_pb2 import (
    DeliverToolResultRequest,
    EngageRequest,
    ReleaseRequest,
    SayRequest,
)


@dataclass
class Seams:
    """The same seams, near or far."""

    nodes: MediaNodes
    agents: VoiceAgents
    registry: NodeRegistry
    node: str
    agent: str
    nowhere: str = "127.0.0.1:1"


@pytest.fixture(params=["memory", "grpc"])
async def seams(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Seams]:
    nodes, agents = MemoryMediaNodes(), MemoryVoiceAgents()
    nodes.away.add("127.0.0.1:1")
    agents.away.add("127.0.0.1:1")
    if request.param == "memory":
        registry = MemoryNodeRegistry()
        for kind, component in ((NODE_KIND_MEDIA, "media-node"), (NODE_KIND_VOICE, "voice-agent")):
            registry.add(Node(node_id=f"{component}-1", kind=kind, address="m1:1", boot_id="b1", capacity=5))
        yield Seams(nodes, agents, registry, "m1:1", "v1:1")
        return
    keys = tmp_path / "keys"
    create_keys(keys)
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(media_node(keys, nodes))
        agent = await stack.enter_async_context(voice_agent(keys, agents))
        ledger = await stack.enter_async_context(ledger_server(tmp_path))
        await stack.enter_async_context(registered(keys, ledger.address, "media-node", node))
        await stack.enter_async_context(registered(keys, ledger.address, "voice-agent", agent))
        identity = ServiceIdentity.load(keys, "worker", "worker-1")
        to_nodes = Channels(lambda address: open_channel(address, identity, "media-node"))
        to_agents = Channels(lambda address: open_channel(address, identity, "voice-agent"), limit=1)
        stack.push_async_callback(to_nodes.close)
        stack.push_async_callback(to_agents.close)
        registry_client = NodeRegistryClient(ledger.channel("worker"), deadline=5)
        yield Seams(MediaNodesClient(to_nodes), VoiceAgentsClient(to_agents), registry_client, node, agent)


def command(number: int, epoch: int = 1, **what: object) -> Command:
    return Command(call_id="c1", placement_epoch=epoch, command_seq=number, **what)  # type: ignore[arg-type]


def room(number: int = 1, epoch: int = 1) -> Command:
    return command(number, epoch, create_room=CreateRoom(tenant="t"))


async def apply(seams: Seams, sent: Command) -> CommandAnswer:
    [answer] = await seams.nodes.apply(seams.node, ApplyBatchRequest(request_id="r", commands=[sent]))
    return answer


async def test_a_repeated_command_is_answered_as_before(seams: Seams) -> None:
    await apply(seams, room())
    leg = command(2, add_leg=AddLeg(leg_id="l1", webrtc_offer=WebrtcOffer(sdp="v=0")))
    first, again = await apply(seams, leg), await apply(seams, leg)
    assert first.result.sdp_answer == again.result.sdp_answer != ""
    assert (first.result.repeated, again.result.repeated) == (False, True)


async def test_a_voice_port_has_a_token(seams: Seams) -> None:
    await apply(seams, room())
    assert (await apply(seams, command(2, add_leg=AddLeg(leg_id="a1", pcm_port=PcmPort())))).result.leg_token


async def test_a_gap_and_an_old_epoch_are_refused(seams: Seams) -> None:
    assert (await apply(seams, room(2))).reason == "COMMAND_OUT_OF_ORDER"
    assert (await apply(seams, room(epoch=2))).applied
    assert (await apply(seams, room())).reason == "STALE_EPOCH"


async def test_a_bad_offer_is_refused_and_an_outcome_in_a_batch(seams: Seams) -> None:
    offer = command(2, add_leg=AddLeg(leg_id="l1", webrtc_offer=WebrtcOffer(sdp="nonsense")))
    batch = [room(), offer, command(3, close_room=CloseRoom(reason="R"))]
    outcomes = await apply_in_order(seams.nodes, seams.node, batch)
    assert [(outcome.applied, outcome.reason) for outcome in outcomes] == [(True, ""), (False, "BAD_SDP"), (True, "")]
    assert (await apply(seams, offer)).reason == "BAD_SDP"


async def test_a_node_or_an_agent_that_is_away_is_told_as_such(seams: Seams) -> None:
    with pytest.raises(UnavailableError):
        await seams.nodes.apply(seams.nowhere, ApplyBatchRequest(request_id="r", commands=[room()]))
    with pytest.raises(UnavailableError):
        await seams.agents.engage(seams.nowhere, EngageRequest(call_id="c1"))


async def test_an_agent_does_what_it_is_told_in_its_calls_alone(seams: Seams) -> None:
    answer = await seams.agents.engage(seams.agent, EngageRequest(request_id="e", call_id="c1"))
    assert answer.engine_versions
    await seams.agents.deliver(seams.agent, DeliverToolResultRequest(call_id="c1", tool_call_id="t"))
    assert (await seams.agents.say(seams.agent, SayRequest(request_id="s", call_id="c1", text="x"))).play_id
    await seams.agents.release(seams.agent, ReleaseRequest(call_id="c1", engage_request_id="another"))
    await seams.agents.say(seams.agent, SayRequest(request_id="s2", call_id="c1", text="y"))
    await seams.agents.release(seams.agent, ReleaseRequest(call_id="c1"))
    with pytest.raises(NotFoundError):
        await seams.agents.release(seams.agent, ReleaseRequest(call_id="c1"))


async def test_a_repeated_placement_is_the_same_and_a_new_one_has_a_higher_epoch(seams: Seams) -> None:
    first = await seams.registry.place(request_id="r1", call_id="c1", kind=NODE_KIND_MEDIA)
    assert await seams.registry.place(request_id="r1", call_id="c1", kind=NODE_KIND_MEDIA) == first
    again = await seams.registry.place(request_id="r2", call_id="c1", kind=NODE_KIND_MEDIA)
    assert again.placement_epoch > first.placement_epoch
    assert first.node.node_id == "media-node-1"


async def test_there_may_be_no_node_left(seams: Seams) -> None:
    with pytest.raises(UnavailableError) as raised:
        await seams.registry.place(request_id="r", call_id="c1", kind=NODE_KIND_VOICE, avoid=["voice-agent-1"])
    assert raised.value.reason == "NO_NODE"


async def test_who_lives_is_told_by_kind(seams: Seams) -> None:
    assert [node.node_id for node in await seams.registry.live(NODE_KIND_VOICE)] == ["voice-agent-1"]
