"""A far end for the caller's tests: a gateway door and an agent that beeps, by aiortc.

It answers each line of the caller with its next beep, knows nothing of words, and hangs up after the last one.
"""

import asyncio
import time
from typing import Self

import numpy as np
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from cordboard.cli.demo.line_out import LineOut
from cordboard.cli.demo.sound import OPUS_RATE, Sound, level_dbov
from cordboard.cli.demo.turn_detector import Heard, TurnDetector


def beep(seconds: float, hz: float = 440.0) -> Sound:
    """A hum of several partials, which nobody takes for music."""
    time_axis = np.arange(int(seconds * OPUS_RATE)) / OPUS_RATE
    partials = [np.sin(2 * np.pi * hz * number * time_axis) for number in range(1, 6)]
    return np.asarray(0.08 * np.sum(partials, axis=0), np.float32)


class BeepingAgent:
    """Serves POST and DELETE of /v1/legs, beeps `turns` times, then hangs up.

    It hears nothing during its first beep; what the caller said meanwhile is answered after `pause_s`. The first `away`
    offers find it away.
    """

    def __init__(
        self,
        turns: int,
        *,
        refuse: tuple[int, str] | None = None,
        away: int = 0,
        first_beep_s: float = 0.5,
        pause_s: float = 0.0,
    ) -> None:
        self._turns = turns
        self._first_beep_s = first_beep_s
        self._pause = np.zeros(int(pause_s * OPUS_RATE), dtype=np.float32)
        self._refuse = refuse
        self._away = away
        self._runner: web.AppRunner | None = None
        self._peer: RTCPeerConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.tokens: list[str] = []
        self.requests: list[str] = []
        self.caller_turns = 0
        self.address = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/legs", self._offer)
        app.router.add_delete("/v1/calls/{call}/legs/{leg}", self._delete)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._peer is not None:
            await self._peer.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _offer(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"])
        self.requests.append(request.headers["Idempotency-Key"])
        if len(self.requests) <= self._away:
            return web.json_response({"reason": "LEDGER_AWAY"}, status=503)
        if self._refuse is not None:
            return web.json_response({"reason": self._refuse[1]}, status=self._refuse[0])
        self._peer = peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        line = LineOut(time.monotonic)
        peer.addTrack(line)
        peer.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._converse(track, line))))
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(
            status=201,
            text=peer.localDescription.sdp,
            content_type="application/sdp",
            headers={"Location": "/v1/calls/c-1/legs/l-1"},
        )

    async def _delete(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _converse(self, track: MediaStreamTrack, line: LineOut) -> None:
        assert self._peer is not None
        detector = TurnDetector(finished_s=0.3, pause_s=0.2)
        await line.say(beep(self._first_beep_s))
        try:
            for _ in range(self._turns - 1):
                while not await self._caller_finished(track, detector):
                    pass
                self.caller_turns += 1
                await line.say(np.concatenate([self._pause, beep(0.5)]))
        except MediaStreamError:
            return
        await self._peer.close()

    async def _caller_finished(self, track: MediaStreamTrack, detector: TurnDetector) -> bool:
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        samples = (frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0] / 32768.0).astype(np.float32)
        # Media time: a stall of this machine is no silence of the caller.
        end = (frame.pts or 0) / OPUS_RATE + 0.02
        return any(event.what is Heard.FINISHED for event in detector.push(end - 0.02, end, level_dbov(samples)))
