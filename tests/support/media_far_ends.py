"""Far ends of media legs: what a browser, or a test in memory, does at the other end of the wire."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_TRANSPORT_MEMORY, LEG_TRANSPORT_WEBRTC, LegState
from cordboard.media_node.clock import LoopClock
from cordboard.media_node.data_plane import LegCounters
from cordboard.media_node.egress import OutStream
from cordboard.media_node.leg import Leg, LegIdentity
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.randomness import SeededRandomness
from cordboard.media_node.rtp import RtpPacket, build_rtp, parse_rtp
from cordboard.media_node.webrtc.addresses import LOOPBACK
from cordboard.media_node.webrtc.factory import WebRtcLegs

WAIT = 10.0
PAYLOAD_TYPE = 96


class RecordingHost:
    """A leg's host that writes down what it is told."""

    def __init__(self) -> None:
        self.connections: list[str] = []
        self.ends: list[tuple[LegState.ValueType, str]] = []
        self.packets: list[RtpPacket] = []
        self.digits = ""
        self._news = asyncio.Event()

    def connected(self, leg_id: str) -> None:
        self.connections.append(leg_id)
        self._news.set()

    def ended(self, leg_id: str, state: "LegState.ValueType", reason: str) -> None:
        self.ends.append((state, reason))
        self._news.set()

    def counters(self, leg_id: str) -> LegCounters:
        return LegCounters()

    def received(self, leg_id: str, batch: Sequence[bytes], arrival_us: int) -> None:
        self.packets += [packet for data in batch if (packet := parse_rtp(data)) is not None]
        self._news.set()

    def pressed(self, leg_id: str, digit: str) -> None:
        self.digits += digit
        self._news.set()

    async def until(self, condition: Callable[["RecordingHost"], bool]) -> None:
        """Wait until something that was told makes the condition true."""
        async with asyncio.timeout(WAIT):
            while not condition(self):
                await self._news.wait()
                self._news.clear()


class FarEnd(Protocol):
    """The other end of a leg, for the contract suite."""

    leg: Leg

    async def connect(self) -> None:
        """Get connected."""
        ...

    async def speak(self, packets: Sequence[RtpPacket]) -> None:
        """Send packets."""
        ...

    async def heard(self, count: int) -> list[RtpPacket]:
        """Give what came, once it is so many packets."""
        ...

    async def hang_up(self) -> None:
        """Say goodbye."""
        ...

    async def close(self) -> None:
        """Release what is held."""
        ...


class MemoryFarEnd:
    """Speaks through a `MemoryLeg`."""

    def __init__(self, host: RecordingHost) -> None:
        identity = LegIdentity("caller", LEG_ROLE_CALLER, LEG_TRANSPORT_MEMORY)
        self._leg = MemoryLeg(identity, host, LoopClock(), [OutStream(7, PAYLOAD_TYPE), OutStream(8, PAYLOAD_TYPE)])
        self.leg: Leg = self._leg

    async def connect(self) -> None:
        self._leg.start()
        self._leg.connect()

    async def speak(self, packets: Sequence[RtpPacket]) -> None:
        self._leg.speak([build_rtp(packet) for packet in packets])

    async def heard(self, count: int) -> list[RtpPacket]:
        assert len(self._leg.heard) >= count
        return [packet for data in self._leg.heard if (packet := parse_rtp(data)) is not None]

    async def hang_up(self) -> None:
        self._leg.hang_up()

    async def close(self) -> None:
        await self._leg.close()


class BrowserFarEnd:
    """An aiortc peer on loopback that sends and takes raw RTP; `listening` more lines than the one it speaks on."""

    def __init__(self, listening: int = 1) -> None:
        self.packets: list[RtpPacket] = []
        self.rtcp: list[bytes] = []
        self._news = asyncio.Event()
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.peer = RTCPeerConnection(configuration)
        self.peer.addTransceiver("audio", direction="sendrecv")
        for _ in range(listening):
            self.peer.addTransceiver("audio", direction="recvonly")
        self.connected = asyncio.Event()
        self.peer.on("connectionstatechange", self._changed)

    async def offer(self, *, candidates: bool = True) -> str:
        """Make the offer; without candidates it is what a browser posts at once."""
        gather = aioice.ice.get_host_addresses
        # aioice leaves 127.0.0.1 out, and a build machine may have nothing else.
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [LOOPBACK]
        try:
            await self.peer.setLocalDescription(await self.peer.createOffer())
        finally:
            aioice.ice.get_host_addresses = gather
        self._transport()._handle_rtp_data = self._take
        self._transport()._handle_rtcp_data = self._take_rtcp
        lines = self.peer.localDescription.sdp.splitlines()
        if not candidates:
            lines = [line for line in lines if not line.startswith(("a=candidate", "a=end-of"))]
        return "\r\n".join(lines) + "\r\n"

    async def accept(self, answer: str) -> None:
        """Take the answer and wait until media can flow."""
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(WAIT):
            await self.connected.wait()

    async def speak(self, packets: Sequence[RtpPacket]) -> None:
        """Send packets as they are."""
        for packet in packets:
            await self._transport()._send_rtp(build_rtp(packet))

    async def heard(self, count: int) -> list[RtpPacket]:
        """Give what came, once it is so many packets."""
        async with asyncio.timeout(WAIT):
            while len(self.packets) < count:
                await self._news.wait()
                self._news.clear()
        return self.packets

    async def reported(self, count: int) -> list[bytes]:
        """Give the RTCP packets that came, once they are so many."""
        async with asyncio.timeout(WAIT):
            while len(self.rtcp) < count:
                await self._news.wait()
                self._news.clear()
        return self.rtcp

    def vanish(self) -> None:
        """Go silent without a word, like a killed process."""
        for protocol in self._transport().transport._connection._protocols:
            protocol.transport.abort()

    async def close(self) -> None:
        """Say goodbye and release the sockets."""
        await self.peer.close()

    def _transport(self) -> Any:
        return self.peer.getTransceivers()[0].receiver.transport

    async def _take(self, data: bytes, arrival_time_ms: int) -> None:
        packet = parse_rtp(data)
        assert packet is not None
        self.packets.append(packet)
        self._news.set()

    async def _take_rtcp(self, data: bytes) -> None:
        self.rtcp.append(data)
        self._news.set()

    def _changed(self) -> None:
        if self.peer.connectionState == "connected":
            self.connected.set()


class WebRtcFarEnd:
    """A `BrowserFarEnd` with the leg that answers it."""

    def __init__(self, host: RecordingHost) -> None:
        self._host = host
        self.browser = BrowserFarEnd()
        self.leg: Leg

    async def connect(self) -> None:
        legs = WebRtcLegs(LoopClock(), SeededRandomness(1), [LOOPBACK])
        identity = LegIdentity("caller", LEG_ROLE_CALLER, LEG_TRANSPORT_WEBRTC)
        self.leg, answer = await legs.answer(identity, await self.browser.offer(), self._host)
        self.leg.start()
        await self.browser.accept(answer)
        await self._host.until(lambda host: bool(host.connections))

    async def speak(self, packets: Sequence[RtpPacket]) -> None:
        await self.browser.speak(packets)

    async def heard(self, count: int) -> list[RtpPacket]:
        return await self.browser.heard(count)

    async def hang_up(self) -> None:
        await self.browser.close()

    async def close(self) -> None:
        await self.leg.close()
        await self.browser.close()


def packets(count: int, *, first: int = 100, ssrc: int = 5, payload_type: int = PAYLOAD_TYPE) -> list[RtpPacket]:
    """Make packets 20 ms apart, each with a payload of its own that counts as 20 ms of Opus."""
    numbers = [(n, first + n) for n in range(count)]
    return [
        RtpPacket(payload_type, False, at & 0xFFFF, at * 960 & 0xFFFF_FFFF, ssrc, b"\x48" + n.to_bytes(4, "big"))
        for n, at in numbers
    ]
