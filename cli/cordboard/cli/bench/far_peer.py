"""The far end of a leg: an aiortc peer that sends and takes RTP as bytes, without encoding or decoding."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from cordboard.core.errors import UnavailableError
from cordboard.media_node.webrtc.ice import PromptConnection
from cordboard.media_node.webrtc.srtp import SrtpWire

CONNECT_SECONDS = 20.0

PacketTaker = Callable[[int, bytes], None]
"""Takes the time of arrival (`time.perf_counter_ns`) and a protected packet's plain bytes."""


class FarPeer:
    """One WebRTC peer with a single audio line.

    `prompt` takes out of aiortc's ICE the 20 ms after which it looks whether it is connected, as the node does on its
    side; without it the peer is aiortc as it comes.
    """

    def __init__(self, *, prompt: bool = True, take: PacketTaker | None = None) -> None:
        """Make a peer that has offered nothing."""
        self.connected = asyncio.Event()
        self.closed = asyncio.Event()
        self._prompt = prompt
        self._take = take
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer.addTransceiver("audio", direction="sendrecv")
        self._peer.on("connectionstatechange", self._changed)
        self._wire: SrtpWire | None = None

    @property
    def ssrc(self) -> int:
        """The SSRC that its offer names."""
        return int(self._peer.getTransceivers()[0].sender._ssrc)

    async def offer(self) -> str:
        """Give an offer with host candidates."""
        await self._peer.setLocalDescription(await self._peer.createOffer())
        connection = self._connection()
        if self._prompt:
            connection.__class__ = PromptConnection
        # Before aiortc queues it: the time of arrival is when the loop read the socket.
        connection.data_received = self._data_received
        return str(self._peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the answer and wait until media can flow. Raises UnavailableError(PEER_NOT_CONNECTED)."""
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.connected.wait()
        except TimeoutError:
            raise UnavailableError("PEER_NOT_CONNECTED", "a peer did not get connected") from None

    def send(self, packet: bytes) -> None:
        """Protect and send an RTP packet; nothing happens before the peer is connected."""
        if self._wire is not None:
            self._wire.send(packet)

    async def close(self) -> None:
        """Say goodbye and release the socket."""
        await self._peer.close()

    def _changed(self) -> None:
        if self._peer.connectionState == "connected":
            self._wire = SrtpWire(self._transport(), self._put)
            self.connected.set()
        elif self._peer.connectionState in {"closed", "failed"}:
            self.closed.set()

    def _data_received(self, data: bytes, component: int) -> None:
        arrived = time.perf_counter_ns()
        is_rtp = len(data) > 12 and 127 < data[0] < 192 and not 192 <= data[1] <= 223
        if is_rtp and self._take is not None:
            wire = self._wire or (SrtpWire(self._transport(), self._put) if self._has_keys() else None)
            opened = wire.open(data) if wire is not None else None
            if opened is not None:
                self._take(arrived, opened)
            return
        self._connection()._queue.put_nowait((data, component))

    def _put(self, data: bytes) -> None:
        pair = self._connection()._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    def _has_keys(self) -> bool:
        return getattr(self._transport(), "_rx_srtp", None) is not None

    def _transport(self) -> Any:
        return self._peer.getTransceivers()[0].receiver.transport

    def _connection(self) -> Any:
        return self._transport().transport._connection
