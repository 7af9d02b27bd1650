"""A media node for tests: in this process, or behind gRPC with real tokens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from media_far_ends import WAIT, BrowserFarEnd
from media_room import matrix

from cordboard.call.v1.facts_pb2 import LegStateChanged
from cordboard.media.v1.command_pb2 import (
    AddLeg,
    Command,
    CommandResult,
    CreateRoom,
    PcmPort,
    SetRouting,
    WebrtcOffer,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER, LEG_STATE_CONNECTED, LegRole, LegState
from cordboard.media.v1.media_node_service_pb2_grpc import (
    MediaNodeServiceStub,
    add_MediaNodeServiceServicer_to_server,
)
from cordboard.media_node.clock import Clock, LoopClock
from cordboard.media_node.facts import ListedFacts
from cordboard.media_node.node import MediaNode
from cordboard.media_node.quality import TelemetryMeter
from cordboard.media_node.randomness import SeededRandomness
from cordboard.media_node.recording import SegmentSink
from cordboard.media_node.servicer import ALLOWED, ATTACH_SECONDS, SERVICE, MediaNodeServicer
from cordboard.media_node.webrtc.addresses import LOOPBACK
from cordboard.media_node.webrtc.factory import WebRtcLegs
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, create_keys

CALL = "call-1"


class NodeHouse:
    """A media node on loopback, and the commands of one call's workflow to it."""

    def __init__(
        self,
        clock: Clock | None = None,
        addresses: Sequence[str] = (LOOPBACK,),
        segments: SegmentSink | None = None,
    ) -> None:
        self.facts = ListedFacts()
        clock, randomness = clock or LoopClock(), SeededRandomness(2)
        legs = WebRtcLegs(clock, randomness, addresses)
        self.node = MediaNode(clock, randomness, self.facts, legs.answer, TelemetryMeter(), segments)
        self.epoch = 1
        self.seq = 0

    def next(self, command: Command) -> Command:
        """Number a command."""
        self.seq += 1
        command.call_id, command.placement_epoch, command.command_seq = CALL, self.epoch, self.seq
        return command

    async def apply(self, command: Command) -> CommandResult:
        """Number and apply a command."""
        return await self.node.apply(self.next(command))

    async def open_room(self) -> None:
        await self.apply(Command(create_room=CreateRoom(tenant="clinic")))

    async def add_port(self, leg_id: str = "ai") -> str:
        """Add a PCM port and give its token."""
        add = AddLeg(leg_id=leg_id, role=LEG_ROLE_AI_AGENT, pcm_port=PcmPort())
        return (await self.apply(Command(add_leg=add))).leg_token

    async def add_browser(
        self,
        leg_id: str,
        browser: BrowserFarEnd,
        *,
        role: "LegRole.ValueType" = LEG_ROLE_CALLER,
        candidates: bool = True,
        replaces: str = "",
    ) -> None:
        """Let a browser offer, and connect it."""
        offer = await browser.offer(candidates=candidates)
        add = AddLeg(leg_id=leg_id, role=role, webrtc_offer=WebrtcOffer(sdp=offer), replaces_leg_id=replaces)
        result = await self.apply(Command(add_leg=add))
        await browser.accept(result.sdp_answer)
        await self.until_state(leg_id, LEG_STATE_CONNECTED)

    async def until_state(self, leg_id: str, state: "LegState.ValueType") -> LegStateChanged:
        """Wait until the node told that state of a leg, and give the fact."""
        async with asyncio.timeout(WAIT):
            while True:
                for event in [fact.event for fact in self.facts.facts]:
                    if isinstance(event, LegStateChanged) and (event.leg_id, event.state) == (leg_id, state):
                        return event
                await self.facts.changed()

    async def route(self, **hears: list[str]) -> None:
        """Set who hears whom."""
        await self.apply(Command(set_routing=SetRouting(matrix=matrix(**hears))))

    async def until_received(self, leg_id: str, count: int) -> None:
        """Wait until the node received so many packets of a leg."""
        enough = asyncio.Event()

        def look(_leg_id: str, _batch: object) -> None:
            if plane.counters(leg_id).reception.received >= count:
                enough.set()

        plane = self.node.room(CALL).plane
        plane.tap(leg_id, "test", look)
        look(leg_id, ())
        async with asyncio.timeout(WAIT):
            await enough.wait()

    async def close(self) -> None:
        await self.node.close()


class ServedNode(NodeHouse):
    """A node house behind gRPC; `stub` gives a client for a component."""

    def __init__(self, keys: Path, *, attach_seconds: float = ATTACH_SECONDS) -> None:
        super().__init__()
        self._attach_seconds = attach_seconds
        create_keys(keys)
        self._keys = keys
        self.address = ""
        self._channels: list[grpc.aio.Channel] = []

    def stub(self, component: str) -> Any:
        identity = ServiceIdentity.load(self._keys, component, f"{component}-1")
        channel = open_channel(self.address, identity, "media-node")
        self._channels.append(channel)
        return MediaNodeServiceStub(channel)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["ServedNode"]:
        server = GrpcServer("127.0.0.1:0", TokenVerifier.load(self._keys), "media-node", allowed=ALLOWED)
        servicer = MediaNodeServicer(self.node, attach_seconds=self._attach_seconds)
        server.add(add_MediaNodeServiceServicer_to_server, servicer, SERVICE)
        self.address = f"127.0.0.1:{await server.start()}"
        try:
            yield self
        finally:
            for channel in self._channels:
                await channel.close()
            await self.close()
            await server.stop(0)
