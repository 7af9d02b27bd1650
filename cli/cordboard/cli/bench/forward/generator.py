"""The load: speakers that send at the pace of speech, listeners that note what comes and when."""

import asyncio
import re
import socket
import time
from dataclasses import dataclass, field
from typing import cast

from cordboard.cli.bench.far_peer import FarPeer
from cordboard.cli.bench.forward.stamped_speech import StampedSpeech, stamp_of
from cordboard.cli.bench.forward.systems import ForwardingSystem

FRAME_S = 0.02
PACKETS_PER_SECOND = 50


@dataclass(slots=True)
class Received:
    """What the listeners got since the last look."""

    packets: int = 0
    delays_ms: list[float] = field(default_factory=list)


class Generator:
    """Rooms of one speaker and `listeners` each, in one system."""

    def __init__(self, system: ForwardingSystem, rooms: int, listeners: int) -> None:
        """Make a generator that is not connected."""
        self._system = system
        self._rooms = rooms
        self._listeners = listeners
        self._speakers: list[tuple[FarPeer, StampedSpeech]] = []
        self._peers: list[FarPeer] = []
        self._received = Received()
        self._began = time.perf_counter()

    async def connect(self) -> None:
        """Connect every peer. Raises UnavailableError(PEER_NOT_CONNECTED)."""
        for number in range(self._rooms):
            room = f"room-{number}"
            await self._speaker(room)
            for listener in range(self._listeners):
                peer = FarPeer(take=self._take)
                self._peers.append(peer)
                offer = await peer.offer()
                await peer.accept(await self._system.answer(room, f"listener-{listener}", offer, speaks=False))
        await self._system.route()

    async def speak(self, seconds: float, echo: "EchoProbe | None" = None) -> int:
        """Send for so long, all speakers spread over each 20 ms with an echo between two of them.

        Gives how many packets went in.
        """
        step = FRAME_S / len(self._speakers)
        turns = round(seconds / step)
        began = time.perf_counter()
        for turn in range(turns):
            peer, speech = self._speakers[turn % len(self._speakers)]
            await _until(began + turn * step)
            frames = round((time.perf_counter() - self._began) / FRAME_S)
            peer.send(speech.packet(time.perf_counter_ns(), frames))
            if echo is not None:
                await _until(began + (turn + 0.5) * step)
                echo.send()
        return turns

    def take_received(self) -> Received:
        """Give what came since the last time."""
        received, self._received = self._received, Received()
        return received

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(peer.close() for peer in self._peers))

    async def _speaker(self, room: str) -> None:
        peer = FarPeer(take=_ignore)
        self._peers.append(peer)
        answer = await self._system.answer(room, "speaker", await peer.offer(), speaks=True)
        opus = re.search(r"a=rtpmap:(\d+) opus/48000", answer)
        assert opus is not None, "an answer to an audio offer names Opus"
        self._speakers.append((peer, StampedSpeech(int(opus[1]), peer.ssrc)))
        await peer.accept(answer)

    def _take(self, arrived_ns: int, packet: bytes) -> None:
        self._received.packets += 1
        sent_ns = stamp_of(packet)
        if sent_ns is not None:
            self._received.delays_ms.append((arrived_ns - sent_ns) / 1e6)


class EchoProbe(asyncio.DatagramProtocol):
    """Sends datagrams of a media packet's size to an echo and notes how long they take."""

    _PADDING = bytes(112)

    def __init__(self) -> None:
        """Use `EchoProbe.open`."""
        self._transport: asyncio.DatagramTransport | None = None
        self._delays_ms: list[float] = []

    @classmethod
    async def open(cls, port: int) -> "EchoProbe":
        """Open a socket to the echo on a port of the loopback interface."""
        loop = asyncio.get_running_loop()
        _, probe = await loop.create_datagram_endpoint(cls, remote_addr=("127.0.0.1", port), family=socket.AF_INET)
        return probe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's is one without being named so.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take an echo."""
        self._delays_ms.append((time.perf_counter_ns() - int.from_bytes(data[:8], "big")) / 1e6)

    def send(self) -> None:
        """Send a datagram."""
        assert self._transport is not None
        self._transport.sendto(time.perf_counter_ns().to_bytes(8, "big") + self._PADDING)

    def take_delays(self) -> list[float]:
        """Give the milliseconds there and back of what came since the last time."""
        delays, self._delays_ms = self._delays_ms, []
        return delays

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - time.perf_counter()))


def _ignore(_arrived_ns: int, _packet: bytes) -> None:
    """A speaker hears nobody."""
