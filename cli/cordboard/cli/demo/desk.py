"""A human agent's desk without a page: the gateway's public WebSocket, as the browser uses it."""

import asyncio
import json
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp

from cordboard.core.errors import UnavailableError, WrongStateError

_PROTOCOL = "cordboard.events.v1"
_REPLY_WITHIN_S = 15.0


class Desk:
    """One agent's connection to the event plane; it ends with the context."""

    def __init__(self, gateway: str, token: str) -> None:
        """Sign in at the gateway's http address with an agent's token."""
        self._url = gateway.rstrip("/") + "/v1/desk"
        self._token = token
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._news = asyncio.Event()
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.closed = False

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            protocols = [_PROTOCOL, f"bearer.{self._token}"]
            self._socket = await self._session.ws_connect(self._url, protocols=protocols)
        except aiohttp.ClientError as error:
            await self._session.close()
            raise UnavailableError("DESK_AWAY", f"no desk at the gateway: {type(error).__name__}") from error
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._session.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def send(self, command: str, **fields: Any) -> None:
        """Send a command and wait for the engine's word. Raises WrongStateError with the reason of a refusal."""
        request_id = str(uuid.uuid4())
        reply = asyncio.get_running_loop().create_future()
        self._replies[request_id] = reply
        await self._socket.send_json({"id": request_id, "command": command, **fields})
        answer = await asyncio.wait_for(reply, _REPLY_WITHIN_S)
        if not answer["ok"]:
            raise WrongStateError(str(answer["reason"]), str(answer.get("message", "the engine refused")))

    async def event(
        self, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True, *, within: float
    ) -> dict[str, Any]:
        """Wait for the next event of a kind (its message's last name), past or coming, and give its envelope.

        Raises UnavailableError(EVENT_MISSED) after `within` seconds.
        """
        seen = 0
        try:
            async with asyncio.timeout(within):
                while True:
                    while seen < len(self._events):
                        name, envelope = self._events[seen]
                        seen += 1
                        if name == kind and fits(envelope):
                            return envelope
                    if self.closed:
                        raise UnavailableError("DESK_CLOSED", "the gateway closed the desk")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise UnavailableError("EVENT_MISSED", f"no {kind} came in time") from error

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            if frame["type"] == "reply":
                reply = self._replies.pop(frame["id"], None)
                if reply is not None and not reply.done():
                    reply.set_result(frame)
            elif frame["type"] in ("hello", "event"):
                own = [frame["event"]] if frame["type"] == "event" else []
                # What went before a call came to this desk stands beside the frame that brings it.
                for envelope in [*frame.get("history", []), *own]:
                    kind = envelope["event"]["event"]["@type"].rsplit(".", 1)[1]
                    self._events.append((kind, envelope))
                self._news.set()
        self.closed = True
        self._news.set()
