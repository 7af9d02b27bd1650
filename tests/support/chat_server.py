"""A local server that speaks the OpenAI chat interface, for the adapter's tests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class ChatServer:
    """Answers each request with `answer` as the model's words, or with `status` where that is not 200."""

    answer: str = ""
    status: int = 200
    refusal: str | None = None
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Bodies that were asked."""
    authorizations: list[str] = field(default_factory=list)

    async def complete(self, request: web.Request) -> web.Response:
        """Answer POST /v1/chat/completions."""
        self.requests.append(await request.json())
        self.authorizations.append(request.headers.get("Authorization", ""))
        if self.status != 200:
            return web.json_response({"error": {"message": "no", "type": "server_error"}}, status=self.status)
        message = {"role": "assistant", "content": None if self.refusal else self.answer, "refusal": self.refusal}
        return web.json_response(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": self.requests[-1]["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        )


@asynccontextmanager
async def chat_server(**answers: Any) -> AsyncIterator[ChatServer]:
    """Serve on a free port of the loopback."""
    server = ChatServer(**answers)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


def judged(intent: str, *scores: tuple[int, float], summary: str = "A call.") -> str:
    """Write a usable answer."""
    turns = [{"ordinal": ordinal, "score": score} for ordinal, score in scores]
    return json.dumps({"intent": intent, "confidence": 0.9, "turns": turns, "summary": summary})
