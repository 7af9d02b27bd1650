"""A gRPC server as every process runs it: tokens on each call, health, reflection, stable error reasons, traces."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Set
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status
from opentelemetry.trace import SpanContext

from cordboard.core.errors import (
    CordboardError,
    ForbiddenError,
    InternalError,
    InvalidError,
    UnauthenticatedError,
)
from cordboard.runtime.door_span import door_span, door_time
from cordboard.runtime.error_table import to_status
from cordboard.runtime.grpc_channel import MAX_MESSAGE
from cordboard.runtime.identity import ServiceClaims, TokenVerifier, UserClaims
from cordboard.runtime.log_context import bind, ids_of
from cordboard.runtime.trace_context import enter, incoming, linked, within
from cordboard.runtime.transport_security import transport_security

_log = logging.getLogger(__name__)

_service: ContextVar[ServiceClaims | None] = ContextVar("cordboard_service", default=None)
_user: ContextVar[UserClaims | None] = ContextVar("cordboard_user", default=None)

# Bounds the memory that callers can make a process take; streams count for as long as they are open.
MOST_CALLS_AT_ONCE = 4096
_OPEN_PREFIXES = ("/grpc.health.v1.", "/grpc.reflection.")


def current_service() -> ServiceClaims:
    """Tell which component calls; to be used inside a handler. Raises UnauthenticatedError."""
    claims = _service.get()
    if claims is None:
        raise UnauthenticatedError("TOKEN_MISSING", "no component is known to call")
    return claims


def current_user() -> UserClaims:
    """Tell which person or app calls; to be used inside a handler. Raises UnauthenticatedError."""
    claims = _user.get()
    if claims is None:
        raise UnauthenticatedError("TOKEN_MISSING", "nobody is known to call")
    return claims


def bearer_of(metadata: Any) -> str:
    """Take the bearer token out of a call's metadata. Raises UnauthenticatedError(TOKEN_MISSING)."""
    for key, value in metadata or ():
        if key == "authorization" and isinstance(value, str) and value.startswith("Bearer "):
            return value.removeprefix("Bearer ")
    raise UnauthenticatedError("TOKEN_MISSING", "the call carries no bearer token")


class _Door(grpc.aio.ServerInterceptor):
    """Authenticates each call, spans it, and turns errors into statuses."""

    def __init__(self, authenticate: Callable[[str, Any], None], *, public: bool, most_bytes: int) -> None:
        self._authenticate = authenticate
        self._public = public
        self._most_bytes = most_bytes

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        method: str = handler_call_details.method
        if handler is None or method.startswith(_OPEN_PREFIXES):
            return handler
        many = handler.request_streaming
        if handler.response_streaming:
            wrapped = self._streaming(handler.stream_stream or handler.unary_stream, method, many)
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
        else:
            wrapped = self._unary(handler.stream_unary or handler.unary_unary, method, many)
            make = (
                grpc.stream_unary_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_unary_rpc_method_handler
            )
        return make(wrapped, _tolerant(handler.request_deserializer, self._most_bytes), handler.response_serializer)

    def _unary(self, behaviour: Any, method: str, many: bool) -> Any:
        async def handle(request: Any, context: Any) -> Any:
            # Each call has a task of its own, which ends with it.
            bind(**ids_of(request))
            async with _statuses(context, method):
                metadata = context.invocation_metadata()
                with door_time(method.removeprefix("/")):
                    self._authenticate(method, metadata)
                    with self._span(method, metadata):
                        return await behaviour(_readable(request, many), context)

        return handle

    def _streaming(self, behaviour: Any, method: str, many: bool) -> Any:
        async def handle(request: Any, context: Any) -> AsyncIterator[Any]:
            bind(**ids_of(request))
            async with _statuses(context, method):
                metadata = context.invocation_metadata()
                self._authenticate(method, metadata)
                # The span covers the opening only: a stream may live as long as its call.
                with self._span(method, metadata) as span:
                    request = _readable(request, many)
                if span is not None:
                    enter(span)
                async for response in behaviour(request, context):
                    yield response

        return handle

    def _span(self, method: str, metadata: Any) -> contextlib.AbstractContextManager[SpanContext | None]:
        """Span a call: at a public door in a trace of its own, inside where it belongs to one."""
        origin = incoming(metadata or ())
        name = method.removeprefix("/")
        if self._public:
            return door_span(name, "grpc", links=linked(origin))
        return contextlib.nullcontext() if origin is None else door_span(name, "grpc", context=within(origin))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands where a request would, until the caller is known and may be told."""

    error: InvalidError


def _tolerant(read: Callable[[bytes], Any], most_bytes: int) -> Callable[[bytes], Any]:
    """By itself gRPC answers bytes that are no message with UNKNOWN and the text of a Python exception."""

    def read_or_note(data: bytes) -> Any:
        if len(data) > most_bytes:
            return _Unreadable(InvalidError("MESSAGE_TOO_LARGE", "the message is too large", limit=str(most_bytes)))
        try:
            return read(data)
        except DecodeError:
            return _Unreadable(InvalidError("MALFORMED_MESSAGE", "the bytes are not the message of this method"))

    return read_or_note


def _readable(request: Any, many: bool) -> Any:
    """Give a request, or each of many. Raises InvalidError (MALFORMED_MESSAGE, MESSAGE_TOO_LARGE)."""
    if many:
        return _ReadableRequests(request)
    if isinstance(request, _Unreadable):
        raise request.error
    return request


class _ReadableRequests:
    """The requests of a stream. No generator: waiting for one may be given up and begun again."""

    def __init__(self, requests: AsyncIterator[Any]) -> None:
        self._requests = aiter(requests)

    def __aiter__(self) -> "_ReadableRequests":
        return self

    async def __anext__(self) -> Any:
        return _readable(await anext(self._requests), many=False)


@contextlib.asynccontextmanager
async def _statuses(context: Any, method: str) -> AsyncIterator[None]:
    try:
        yield
    except CordboardError as error:
        await context.abort_with_status(rpc_status.to_status(to_status(error)))
    except (grpc.aio.AbortError, GeneratorExit):
        raise
    except Exception as error:  # the edge of the process: what no one foresaw must not leak its text
        _log.exception("a handler failed", extra={"method": method})
        status = to_status(InternalError("INTERNAL", "the engine failed; its log has the details"))
        await context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("abort_with_status returned") from error


class GrpcServer:
    """One gRPC server of one process."""

    def __init__(
        self,
        address: str,
        verifier: TokenVerifier,
        audience: str,
        *,
        allowed: Mapping[str, Set[str]] | None = None,
        authenticate_user: bool = False,
        serving: bool = True,
        most_bytes: int = MAX_MESSAGE,
    ) -> None:
        """Make a server for `address` (`host:port`, port 0 for a free one).

        `allowed` maps `/package.Service/Method`, or `/package.Service/` for all of it, to the components that may
        call; what is not listed is open to every component. With `authenticate_user` tokens of people and apps
        are taken instead of those of components, and each request begins a trace of its own. A message of more than
        `most_bytes` is refused. Without `serving` health says NOT_SERVING until told otherwise: a process that does
        its work elsewhere shows by it whether it does.
        """
        self.address = address
        self.port = 0
        self._verifier = verifier
        self._audience = audience
        self._allowed = dict(allowed or {})
        self._for_users = authenticate_user
        self._serving = serving
        self._names: list[str] = []
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.max_send_message_length", MAX_MESSAGE),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
        self._server = grpc.aio.server(
            interceptors=[_Door(self._authenticate, public=authenticate_user, most_bytes=most_bytes)],
            options=options,
            maximum_concurrent_rpcs=MOST_CALLS_AT_ONCE,
        )
        self._health = health_aio.HealthServicer()

    def add(self, register: Callable[[Any, Any], None], servicer: Any, service: str) -> None:
        """Add a service by its generated `add_..._to_server`, its servicer and its full name."""
        register(servicer, self._server)
        self._names.append(service)

    async def start(self) -> int:
        """Serve, and give the port. Raises InvalidError (ADDRESS_IN_USE, TLS_REQUIRED, TLS_UNREADABLE)."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflected = (
            *self._names,
            health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
            reflection.SERVICE_NAME,
        )
        reflection.enable_server_reflection(reflected, self._server)
        try:
            self.port = self._listen()
        except CordboardError:
            # A server that is dropped unstarted would be missed by nobody but the library.
            await self._server.stop(None)
            raise
        await self._server.start()
        await self.set_serving(self._serving)
        return self.port

    def _listen(self) -> int:
        security = transport_security()
        security.check_listening(self.address.rpartition(":")[0])
        # Apps and people show a token at the public door; a certificate of the engine's is its own processes'.
        credentials = security.server_credentials(from_components=not self._for_users)
        try:
            if credentials is None:
                return self._server.add_insecure_port(self.address)
            return self._server.add_secure_port(self.address, credentials)
        except RuntimeError as error:
            raise InvalidError("ADDRESS_IN_USE", "the address cannot be listened on", address=self.address) from error

    async def set_serving(self, serving: bool) -> None:
        """Say by health whether the process does its work."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, status)

    async def stop(self, grace: float = 2.0) -> None:
        """Take no new calls, give those under way `grace` seconds, and close."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)

    def _authenticate(self, method: str, metadata: Any) -> None:
        token = bearer_of(metadata)
        if self._for_users:
            _user.set(self._verifier.user(token))
            return
        claims = self._verifier.service(token, self._audience)
        service = method.rsplit("/", 1)[0] + "/"
        allowed = self._allowed.get(method, self._allowed.get(service))
        if allowed is not None and claims.component not in allowed:
            raise ForbiddenError("CALLER_NOT_ALLOWED", "this component may not call that", component=claims.component)
        _service.set(claims)
