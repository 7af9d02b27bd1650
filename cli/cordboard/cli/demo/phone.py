"""The caller's phone: one WebRTC connection through the gateway's public door, nothing else.

RFC 9725 (WHIP) in spirit: POST an offer, get an answer and the resource's place, DELETE it to hang up.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from cordboard.cli.demo.line_out import LineOut
from cordboard.cli.demo.sound_in import ReceivedFrame, SoundIn
from cordboard.core.errors import CordboardError, InternalError, UnavailableError

_TRY_AGAIN_S = 0.3
_AWAY = frozenset({502, 503, 504})
_JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"


@dataclass(frozen=True, slots=True)
class Answered:
    """The gateway's answer to the offer."""

    call_id: str
    leg_id: str
    posted: float
    """When the offer was posted, by the caller's clock, seconds."""
    answered: float
    """When the answer was there."""


class Phone:
    """One call from the caller's side."""

    def __init__(
        self,
        gateway: str,
        token: str,
        clock: Callable[[], float],
        *,
        path: str = "/v1/legs",
        patience_s: float = 10.0,
    ) -> None:
        """Call through the gateway at an http address, with a caller's single-use token.

        A human agent joins a call with an agent's token and `path` `/v1/calls/{call_id}/legs`. A door that is away is
        tried again for `patience_s` with the same request id, so that there is one call however often it was asked for.
        """
        self._gateway = gateway.rstrip("/")
        self._path = path
        self._token = token
        self._clock = clock
        self._patience_s = patience_s
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._location = ""
        self._receiving: asyncio.Task[None] | None = None
        self.line_out = LineOut(clock)
        self.sound_in = SoundIn()
        self.frames: asyncio.Queue[ReceivedFrame] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def call(self, request_id: str | None = None) -> Answered:
        """Offer, and take the answer. Raises the gateway's own reason when it refuses."""
        self._peer.addTrack(self.line_out)
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)
        posted = self._clock()
        await self._peer.setLocalDescription(await self._peer.createOffer())
        location, answer = await self._post(self._peer.localDescription.sdp, request_id or str(uuid.uuid4()))
        answered = self._clock()
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._location = location
        _, call_id, _, leg_id = location.rsplit("/", 3)
        return Answered(call_id, leg_id, posted, answered)

    async def hang_up(self) -> None:
        """Give the leg back. A leg that is gone already is fine."""
        if self._location:
            async with aiohttp.ClientSession() as session:
                url = self._gateway + self._location
                async with session.delete(url, headers=self._headers()) as response:
                    await response.read()

    async def close(self) -> None:
        """Let go of the sockets."""
        self.closed.set()
        await self._peer.close()
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)

    async def _post(self, sdp: str, request_id: str) -> tuple[str, str]:
        until = self._clock() + self._patience_s
        while True:
            try:
                return await self._post_once(sdp, request_id)
            except UnavailableError:
                if self._clock() >= until:
                    raise
                await asyncio.sleep(_TRY_AGAIN_S)

    async def _post_once(self, sdp: str, request_id: str) -> tuple[str, str]:
        headers = {**self._headers(), "Content-Type": "application/sdp", "Idempotency-Key": request_id}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
                session.post(self._gateway + self._path, data=sdp, headers=headers) as response,
            ):
                body = await response.text()
                if response.status != 201:
                    raise _refusal(response.status, await _reason(response))
                return response.headers["Location"], body
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError("GATEWAY_AWAY", f"no answer from the gateway: {type(error).__name__}") from error

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _on_track(self, track: MediaStreamTrack) -> None:
        for receiver in self._peer.getReceivers():
            if receiver.track is track:
                _shorten_jitter_buffer(receiver)
        self._receiving = asyncio.get_running_loop().create_task(self._receive(track))

    async def _receive(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
                mono = samples.astype(np.int32).mean(axis=1).astype("<i2")
                sound = mono.astype(np.float32) / np.float32(32768.0)
                arrived = self._clock()
                self.frames.put_nowait(self.sound_in.add(arrived, frame.pts or 0, sound, mono.tobytes()))
        except MediaStreamError:
            self.closed.set()

    def _on_state(self) -> None:
        if self._peer.connectionState in ("closed", "failed"):
            self.closed.set()


def _shorten_jitter_buffer(receiver: object) -> None:
    """Take out the four packets that aiortc holds back: they would count as the engine's latency.

    The name is private to aiortc, so its absence is an error rather than a silent 80 ms.
    """
    if not isinstance(getattr(receiver, _JITTER_BUFFER, None), JitterBuffer):
        raise InternalError("AIORTC_CHANGED", "the receiver's jitter buffer is not where it was")
    setattr(receiver, _JITTER_BUFFER, JitterBuffer(capacity=16, prefetch=0))


async def _reason(response: aiohttp.ClientResponse) -> str:
    try:
        problem = await response.json(content_type=None)
    except ValueError:
        return ""
    return str(problem.get("reason", "")) if isinstance(problem, dict) else ""


def _refusal(status: int, reason: str) -> CordboardError:
    kind = UnavailableError if status in _AWAY else InternalError
    return kind(reason or "REFUSED", f"the gateway answered {status}")
