"""A far end's phone: one WebRTC leg through the gateway's public door, of packets that are encoded already."""

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from cordboard.cli.bench.calls.listener import Listener
from cordboard.cli.bench.calls.microphone import Microphone
from cordboard.cli.bench.far_peer import FarPeer
from cordboard.core.errors import CordboardError, UnavailableError

_OPUS = re.compile(r"a=rtpmap:(\d+) opus/48000")


class FarPhone:
    """One leg while its context is open."""

    def __init__(self, peer: FarPeer, listener: Listener, location: str, answer: str, silence: bytes) -> None:
        """Use `Exchange.call`."""
        opus = _OPUS.search(answer)
        assert opus is not None, "an answer to an audio offer names Opus"
        _, self.call_id, _, self.leg_id = location.rsplit("/", 3)
        self.microphone = Microphone(peer, int(opus[1]), silence)
        self.listener = listener
        self.closed = peer.closed
        self.posted = self.answered = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """The gateway's HTTP door as the far ends of a bench use it."""

    session: aiohttp.ClientSession
    gateway: str
    silence: bytes

    @contextlib.asynccontextmanager
    async def call(self, token: str, path: str = "/v1/legs") -> AsyncIterator[FarPhone]:
        """Call with a token, be connected, hang up at the end. Raises UnavailableError with the gateway's status."""
        headers = {"Authorization": f"Bearer {token}"}
        listener = Listener()
        peer = FarPeer(take=listener.take)
        location = ""
        try:
            offer = await peer.offer()
            posted = time.perf_counter()
            location, answer = await self._post(path, offer, headers)
            phone = FarPhone(peer, listener, location, answer, self.silence)
            phone.posted, phone.answered = posted, time.perf_counter()
            await peer.accept(answer)
            sending = asyncio.create_task(phone.microphone.run())
            try:
                yield phone
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        finally:
            await self._hang_up(location, headers)
            await peer.close()

    async def _post(self, path: str, offer: str, headers: dict[str, str]) -> tuple[str, str]:
        head = {**headers, "Content-Type": "application/sdp", "Idempotency-Key": str(uuid.uuid4())}
        try:
            async with self.session.post(self.gateway + path, data=offer, headers=head) as response:
                if response.status != 201:
                    raise UnavailableError("REFUSED", f"the gateway answered {response.status}")
                return response.headers["Location"], await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError("GATEWAY_AWAY", f"no answer from the gateway: {type(error).__name__}") from error

    async def _hang_up(self, location: str, headers: dict[str, str]) -> None:
        # A leg that is gone already is fine, and so is a gateway that stops with the bench.
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, CordboardError):
            if location:
                async with self.session.delete(self.gateway + location, headers=headers) as response:
                    await response.read()
