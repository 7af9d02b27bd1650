"""gRPC channels between the engine's processes."""

from collections.abc import Callable
from typing import Any

import grpc

from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.trace_context import outgoing
from cordboard.runtime.transport_security import transport_security

__all__ = ["MAX_MESSAGE", "open_channel", "open_plain_channel", "open_user_channel", "translate_errors"]

MAX_MESSAGE = 4 * 1024 * 1024

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.http2.max_pings_without_data", 0),
    # A peer that was restarted is found again within a second, not after the default of up to 120 s.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # What a connection is given to come about, which on a busy machine is no matter of milliseconds. It is no pause:
    # where nothing listens, a connection is refused at once.
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Every process has its own sub-channels: a restarted server on the same address is not shadowed.
    ("grpc.use_local_subchannel_pool", 1),
]


# grpc.aio files an interceptor under the first kind that it is an instance of, so each kind is a class of its own.


class _Bearer:
    """Adds the bearer token, and the trace that the call belongs to, to its metadata."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def _signed(self, details: Any) -> Any:
        metadata = grpc.aio.Metadata(*(details.metadata or ()))
        metadata.add("authorization", f"Bearer {self._token()}")
        for key, value in outgoing().items():
            metadata.add(key, value)
        return details._replace(metadata=metadata)


class _UnaryUnaryBearer(_Bearer, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(self._signed(client_call_details), request)


class _UnaryStreamBearer(_Bearer, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(self._signed(client_call_details), request)


class _StreamUnaryBearer(_Bearer, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await continuation(self._signed(client_call_details), request_iterator)


class _StreamStreamBearer(_Bearer, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await continuation(self._signed(client_call_details), request_iterator)


def open_channel(address: str, identity: ServiceIdentity, audience: str) -> grpc.aio.Channel:
    """Open a channel to the component `audience` at `address`, showing this process's identity on each call."""
    return _open(address, lambda: identity.token(audience))


def open_user_channel(address: str, token: str) -> grpc.aio.Channel:
    """Open a channel to the gateway with the token of a person or app."""
    return _open(address, lambda: token)


def open_plain_channel(address: str) -> grpc.aio.Channel:
    """Open a channel that shows nobody: for health, which anybody may ask for."""
    return _channel(address, [])


def _open(address: str, token: Callable[[], str]) -> grpc.aio.Channel:
    kinds = (_UnaryUnaryBearer, _UnaryStreamBearer, _StreamUnaryBearer, _StreamStreamBearer)
    return _channel(address, [kind(token) for kind in kinds])


def _channel(address: str, interceptors: list[Any]) -> grpc.aio.Channel:
    credentials = transport_security().channel_credentials()
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=_OPTIONS, interceptors=interceptors)
    return grpc.aio.secure_channel(address, credentials, options=_OPTIONS, interceptors=interceptors)
