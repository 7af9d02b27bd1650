"""A client of the event plane that remembers all it was told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from gateway_house import House, new_id

WAIT = 10.0
PROTOCOL = "cordboard.events.v1"


def type_of(event: dict[str, Any]) -> str:
    """The short name of an envelope's event in JSON."""
    return str(event["event"]["event"]["@type"]).rpartition(".")[2]


class EventClient:
    """One WebSocket; frames that are asked for are taken out, the others are kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []

    async def frame(self) -> dict[str, Any]:
        """The next frame that is no ping. Raises AssertionError when the socket is closed instead."""
        while True:
            message = await self.socket.receive(WAIT)
            assert message.type == aiohttp.WSMsgType.TEXT, f"closed: {self.socket.close_code} {message.extra}"
            frame: dict[str, Any] = json.loads(message.data)
            if frame["type"] == "event":
                self.events.append(frame)
            if frame["type"] != "ping":
                return frame

    async def hello(self) -> dict[str, Any]:
        """The first frame."""
        frame = await self.frame()
        assert frame["type"] == "hello"
        return frame

    async def event(self, name: str) -> dict[str, Any]:
        """The next event of that name."""
        while True:
            frame = await self.frame()
            if frame["type"] == "event" and type_of(frame["event"]) == name:
                return frame

    async def command(self, name: str, *, command_id: str = "", **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its reply."""
        await self.socket.send_json({"id": command_id or new_id(), "command": name, **fields})
        while True:
            frame = await self.frame()
            if frame["type"] == "reply":
                return frame

    async def closed(self) -> tuple[int | None, str]:
        """The code and reason that the socket is closed with."""
        async with asyncio.timeout(WAIT):
            while True:
                message = await self.socket.receive()
                if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED):
                    return self.socket.close_code, str(message.extra or "")

    def names(self) -> list[str]:
        """Names of all events so far."""
        return [type_of(frame["event"]) for frame in self.events]

    def places(self) -> list[tuple[str, int]]:
        """Stream and place of all events so far."""
        return [(frame["event"]["event"]["stream"]["id"], int(frame["event"]["seq"])) for frame in self.events]


@asynccontextmanager
async def listening(
    house: House, path: str, token: str | None = None, *, after: int | None = None, as_browser: bool = True
) -> AsyncIterator[EventClient]:
    """Open a socket as browsers do, or with the Authorization header."""
    protocols = [PROTOCOL, *([f"bearer.{token}"] if token and as_browser else [])]
    headers = {"Authorization": f"Bearer {token}"} if token and not as_browser else {}
    query = "" if after is None else f"?after={after}"
    url = f"ws://{house.gateway.http_address}{path}{query}"
    async with house.http.ws_connect(url, protocols=protocols, headers=headers, heartbeat=None) as socket:
        yield EventClient(socket)
