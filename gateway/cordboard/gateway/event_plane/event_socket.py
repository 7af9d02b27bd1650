"""One WebSocket of the event plane: who opened it, frames out without unbounded buffers, commands in."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from aiohttp import WSMsgType, web

from cordboard.core.errors import (
    CordboardError,
    ExhaustedError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from cordboard.gateway.access import claims_of
from cordboard.gateway.event_plane import frames
from cordboard.gateway.event_plane.limits import EventLimits
from cordboard.runtime.identity import TokenVerifier, UserClaims
from cordboard.runtime.race import until_first

PROTOCOL = "cordboard.events.v1"
_BEARER = "bearer."

GOING_AWAY = 1001
NOT_TEXT = 1003
INTERNAL = 1011

_CODES: tuple[tuple[type[CordboardError], int], ...] = (
    (InvalidError, 4400),
    (UnauthenticatedError, 4401),
    (ForbiddenError, 4403),
    (NotFoundError, 4404),
    (ExhaustedError, 4408),
    (UnavailableError, 1013),
)


def close_code(error: CordboardError) -> int:
    """Give the code that a socket is closed with."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


def too_slow() -> ExhaustedError:
    """The error of a client that does not read what it asked for."""
    return ExhaustedError("SLOW_READER", "the client does not take events as fast as they come")


def claims_of_socket(request: web.Request, verifier: TokenVerifier) -> UserClaims:
    """Read the token: browsers name it as a subprotocol `bearer.<token>`, others send the Authorization header."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    tokens = [name.strip().removeprefix(_BEARER) for name in offered if name.strip().startswith(_BEARER)]
    header = f"Bearer {tokens[0]}" if tokens else request.headers.get("Authorization")
    return claims_of(header, verifier)


def cursor_of(request: web.Request) -> int | None:
    """Read `?after=N`, None when it is not given. Raises InvalidError(CURSOR_INVALID)."""
    text = request.query.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise InvalidError("CURSOR_INVALID", "the cursor is none that was given out")
    return int(text)


class EventSocket:
    """An accepted WebSocket."""

    def __init__(self, limits: EventLimits) -> None:
        self._limits = limits
        self.response = web.WebSocketResponse(
            timeout=1.0,
            heartbeat=limits.ping_seconds,
            protocols=(PROTOCOL,),
            max_msg_size=limits.frame_bytes,
            compress=False,
        )

    async def accept(self, request: web.Request) -> None:
        """Shake hands. Raises InvalidError(UPGRADE_REQUIRED) when the request asks for no WebSocket."""
        if not self.response.can_prepare(request):
            raise InvalidError("UPGRADE_REQUIRED", "this address speaks WebSocket only")
        await self.response.prepare(request)

    async def send(self, frame: str) -> None:
        """Send a frame. Raises ExhaustedError(SLOW_READER) when the client does not take it in time."""
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                await self.response.send_str(frame)
        except TimeoutError:
            raise too_slow() from None

    async def texts(self) -> AsyncIterator[str]:
        """Give the client's frames until the socket is closed."""
        async for message in self.response:
            if message.type != WSMsgType.TEXT:
                await self.close(NOT_TEXT, "TEXT_ONLY")
                return
            yield str(message.data)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a stable reason."""
        await self.response.close(code=code, message=reason.encode())

    async def run(self, *jobs: Coroutine[Any, Any, None]) -> None:
        """Do the jobs beside the pings until one of them ends, and raise what it raised."""
        await until_first(*jobs, self._ping())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._limits.ping_seconds)
            await self.send(frames.PING)
