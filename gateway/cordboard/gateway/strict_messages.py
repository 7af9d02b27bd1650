"""Refuses what cannot be read as the message that a gRPC method takes, with a reason of the contract; spans the rest.

By itself gRPC answers such bytes with UNKNOWN and the text of a Python exception.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from cordboard.core.errors import InvalidError
from cordboard.gateway.door_span import door_span

MAX_REQUEST = 256 * 1024

Register = Callable[[Any, Any], None]


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands where a request would, until the caller is known and may be told."""

    error: InvalidError


def strict(register: Register) -> Register:
    """Make a service's `add_..._to_server` refuse bytes that are no message (MALFORMED_MESSAGE) or too many
    (MESSAGE_TOO_LARGE).
    """

    def register_strictly(servicer: Any, server: Any) -> None:
        register(servicer, _Registrar(server))

    return register_strictly


class _Registrar:
    """Stands before a server while a service is added to it."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        self._server.add_generic_rpc_handlers(tuple(_StrictHandler(handler) for handler in handlers))

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Leave them out: grpc.aio finds each method through the generic handlers."""


class _StrictHandler(grpc.ServiceRpcHandler):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def service_name(self) -> str:
        return str(self._inner.service_name())

    def service(self, handler_call_details: Any) -> Any:
        method = self._inner.service(handler_call_details)
        if method is None or method.request_streaming:
            return method
        read = _tolerant(method.request_deserializer)
        name: str = handler_call_details.method.removeprefix("/")
        if method.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                _streaming(method.unary_stream, name), read, method.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(_unary(method.unary_unary, name), read, method.response_serializer)


def _tolerant(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def read_or_note(data: bytes) -> Any:
        if len(data) > MAX_REQUEST:
            return _Unreadable(InvalidError("MESSAGE_TOO_LARGE", "the message is too large", limit=str(MAX_REQUEST)))
        try:
            return read(data)
        except DecodeError:
            return _Unreadable(InvalidError("MALFORMED_MESSAGE", "the bytes are not the message of this method"))

    return read_or_note


def _unary(behaviour: Any, name: str) -> Any:
    async def handle(request: Any, context: Any) -> Any:
        with door_span(name, "grpc"):
            if isinstance(request, _Unreadable):
                raise request.error
            return await behaviour(request, context)

    return handle


def _streaming(behaviour: Any, name: str) -> Any:
    # The span covers the opening only: a stream lives as long as its call.
    async def handle(request: Any, context: Any) -> AsyncIterator[Any]:
        with door_span(name, "grpc"):
            if isinstance(request, _Unreadable):
                raise request.error
        async for response in behaviour(request, context):
            yield response

    return handle
