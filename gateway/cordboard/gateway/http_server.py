"""The HTTP server of the gateway: limits, and problem documents for whatever goes wrong."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from cordboard.core.errors import CordboardError, InternalError, InvalidError, NotFoundError
from cordboard.gateway.problem import FIXED_HEADERS, problem
from cordboard.runtime.door_span import door_span, door_time
from cordboard.runtime.error_table import row_of
from cordboard.runtime.log_context import bound
from cordboard.runtime.trace_context import incoming, linked
from cordboard.runtime.transport_security import transport_security

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one connection may ask of the server: seconds and bytes."""

    idle_seconds: float = 20.0
    """A connection without a complete request head for so long is closed."""
    linger_seconds: float = 1.0
    """How long a body that nobody reads is drained, so that the client sees the answer."""
    header_bytes: int = 8 * 1024
    headers: int = 64


class HttpServer:
    """Serves routes on one address."""

    def __init__(self, address: str, routes: Iterable[web.AbstractRouteDef], limits: HttpLimits | None = None) -> None:
        """Make a server for `address` (`host:port`, port 0 for a free one)."""
        host, _, port = address.rpartition(":")
        self.port = int(port)
        self.host = host.strip("[]")
        app = web.Application(middlewares=[_problems])
        app.add_routes(routes)
        app.on_response_prepare.append(_say_little)
        limits = limits or HttpLimits()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        self._connection: dict[str, Any] = {
            "access_log": None,
            "keepalive_timeout": limits.idle_seconds,
            "lingering_time": limits.linger_seconds,
            "max_line_size": limits.header_bytes,
            "max_field_size": limits.header_bytes,
            "max_headers": limits.headers,
            "auto_decompress": False,
        }
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Serve, and give the port. Raises InvalidError (ADDRESS_IN_USE, TLS_REQUIRED, TLS_UNREADABLE)."""
        security = transport_security()
        security.check_listening(self.host)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(server, loop=loop, **self._connection),
                self.host,
                self.port,
                ssl=security.http_context(),
            )
        except OSError as error:
            raise InvalidError("ADDRESS_IN_USE", "the address cannot be listened on") from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Take no new connections, finish the requests under way, and close."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()


class _Connection(web.RequestHandler):
    """A connection that answers what is no HTTP with a problem document, and logs nothing of what it was sent."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Make the answer to a request that did not reach the routes."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error: CordboardError = _internal(exc)
        elif isinstance(exc, LineTooLong):
            error = InvalidError("HEADERS_TOO_LARGE", "the head of the request is too large")
        else:
            error = InvalidError("MALFORMED_REQUEST", "the bytes are not a request of HTTP/1.1")
        response = problem(error)
        response.force_close()
        return response


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into problem documents."""
    # A WebSocket is open for hours, which is no request's time.
    socket = request.headers.get("Upgrade", "").lower() == "websocket"
    origin = incoming((key.lower(), value) for key, value in request.headers.items())
    timed = contextlib.nullcontext() if socket else door_time(_span_name(request))
    span = contextlib.nullcontext() if socket else door_span(_span_name(request), "http", links=linked(origin))
    named = {name: value for name, value in request.match_info.items() if name in ("call_id", "leg_id")}
    # A connection's task serves one request after the other.
    with bound(trace_id="", **named):
        return await _answered(request, handler, span, timed)


async def _answered(
    request: web.Request,
    handler: Handler,
    span: contextlib.AbstractContextManager[Any],
    timed: contextlib.AbstractContextManager[None],
) -> web.StreamResponse:
    try:
        with span, timed:
            try:
                return await handler(request)
            except web.HTTPException as error:
                return _of_http_exception(error)
    except CordboardError as error:
        response = problem(error)
        if row_of(error).http_status >= HTTPStatus.INTERNAL_SERVER_ERROR and not error.retryable:
            _log.error("a request failed", extra={"reason": error.reason, "method": request.method})
        if not request.content.at_eof():
            response.force_close()
        return response
    except Exception as error:  # noqa: BLE001  the edge of the process: what no one foresaw must not leak its text
        return problem(_internal(error))


def _span_name(request: web.Request) -> str:
    """Name a request by its route's pattern: what stands in the address as sent is anybody's guess."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource is not None else request.method


def _of_http_exception(error: web.HTTPException) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        refusal = InvalidError("METHOD_NOT_ALLOWED", "this address does not take that method")
        return problem(refusal, {"Allow": allowed})
    if error.status == HTTPStatus.NOT_FOUND:
        return problem(NotFoundError("ADDRESS_NOT_FOUND", "nothing is served at this address"))
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(InvalidError("BODY_TOO_LARGE", "the body is too large"))
    return problem(InvalidError("MALFORMED_REQUEST", "the request cannot be served as it is"))


def _internal(error: BaseException | None) -> InternalError:
    _log.error("a request failed", exc_info=error)
    return InternalError("INTERNAL", "the engine failed; its log has the details")


async def _say_little(request: web.BaseRequest, response: web.StreamResponse) -> None:
    response.headers.update(FIXED_HEADERS)
