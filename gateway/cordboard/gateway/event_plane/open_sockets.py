"""All WebSockets that are open, and how each ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from cordboard.core.errors import CordboardError, InternalError, UnavailableError
from cordboard.gateway.event_plane.event_socket import GOING_AWAY, INTERNAL, EventSocket, close_code
from cordboard.gateway.event_plane.limits import EventLimits

_log = logging.getLogger(__name__)

Talk = Callable[[EventSocket, web.Request], Awaitable[None]]


def of_unforeseen(error: Exception) -> InternalError:
    """Log what no one foresaw, and give the error that those outside are told."""
    _log.error("a socket failed", exc_info=error)
    return InternalError("INTERNAL", "the engine failed; its log has the details")


class OpenSockets:
    """Accepts sockets, closes each with the code of what ended it, and all of them when the gateway stops."""

    def __init__(self, limits: EventLimits) -> None:
        self.limits = limits
        self.stopping = False
        self._open: set[EventSocket] = set()

    async def serve(self, request: web.Request, talk: Talk) -> web.StreamResponse:
        """Accept a socket and let `talk` use it."""
        socket = EventSocket(self.limits)
        await socket.accept(request)
        self._open.add(socket)
        try:
            self._check_room()
            await talk(socket, request)
        except CordboardError as error:
            code = close_code(error)
            if code == INTERNAL:
                _log.error("a socket failed", extra={"reason": error.reason})
            await socket.close(code, error.reason)
        except ConnectionError:
            # The client is gone; there is nobody to tell.
            await socket.close(INTERNAL, "CONNECTION_LOST")
        except Exception as error:  # noqa: BLE001  the edge of the process: what no one foresaw must not leak its text
            await socket.close(INTERNAL, of_unforeseen(error).reason)
        finally:
            self._open.discard(socket)
        return socket.response

    def _check_room(self) -> None:
        if len(self._open) > self.limits.sockets:
            raise UnavailableError("TOO_MANY_SOCKETS", "this gateway holds as many sockets as it can")

    async def close(self) -> None:
        """Send every client elsewhere."""
        self.stopping = True
        await asyncio.gather(*(socket.close(GOING_AWAY, "GOING_AWAY") for socket in tuple(self._open)))
