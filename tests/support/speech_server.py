"""A local server that speaks the OpenAI speech interface, on engines that it is given."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from cordboard.voice_agent.engines.synthesizer import Synthesizer
from cordboard.voice_agent.engines.transcriber import Transcriber


@dataclass
class SpeechServer:
    """Answers requests by its engines, or with `status` where that is not 200."""

    transcriber: Transcriber
    synthesizer: Synthesizer
    status: int = 200
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """What was asked, without the audio."""
    authorizations: list[str] = field(default_factory=list)

    async def transcribe(self, request: web.Request) -> web.Response:
        """Answer POST /v1/audio/transcriptions."""
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        self._note(request, {name: value for name, value in form.items() if isinstance(value, str)})
        if self.status != 200:
            return self._refusal()
        with wave.open(io.BytesIO(file.file.read())) as clip:
            assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16_000, 1, 2)
            heard = await self.transcriber.transcribe(clip.readframes(clip.getnframes()))
        return web.json_response({"text": heard.text})

    async def speak(self, request: web.Request) -> web.Response:
        """Answer POST /v1/audio/speech."""
        asked = await request.json()
        self._note(request, asked)
        if self.status != 200:
            return self._refusal()
        # Services leave silence around what they say.
        quiet = bytes(24_000)
        speech = quiet + await self.synthesizer.synthesize(asked["input"]) + quiet
        return web.Response(body=speech, content_type="audio/pcm")

    def _note(self, request: web.Request, asked: dict[str, Any]) -> None:
        self.asked.append(asked)
        self.authorizations.append(request.headers.get("Authorization", ""))

    def _refusal(self) -> web.Response:
        return web.json_response({"error": {"message": "no", "type": "server_error"}}, status=self.status)


@asynccontextmanager
async def speech_server(transcriber: Transcriber, synthesizer: Synthesizer) -> AsyncIterator[SpeechServer]:
    """Serve on a free port of the loopback."""
    server = SpeechServer(transcriber, synthesizer)
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_post("/v1/audio/transcriptions", server.transcribe)
    app.router.add_post("/v1/audio/speech", server.speak)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
