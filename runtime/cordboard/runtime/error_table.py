"""One table from the engine's errors to gRPC, HTTP and Temporal, and back from gRPC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    ExhaustedError,
    ForbiddenError,
    InternalError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    WrongStateError,
)

DOMAIN = "cordboard"


@dataclass(frozen=True, slots=True)
class Row:
    """What one category of error becomes outside."""

    grpc_code: grpc.StatusCode
    http_status: int


TABLE: dict[type[CordboardError], Row] = {
    InvalidError: Row(grpc.StatusCode.INVALID_ARGUMENT, 400),
    UnauthenticatedError: Row(grpc.StatusCode.UNAUTHENTICATED, 401),
    ForbiddenError: Row(grpc.StatusCode.PERMISSION_DENIED, 403),
    NotFoundError: Row(grpc.StatusCode.NOT_FOUND, 404),
    ConflictError: Row(grpc.StatusCode.ALREADY_EXISTS, 409),
    WrongStateError: Row(grpc.StatusCode.FAILED_PRECONDITION, 409),
    ExhaustedError: Row(grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
    UnavailableError: Row(grpc.StatusCode.UNAVAILABLE, 503),
    UnimplementedError: Row(grpc.StatusCode.UNIMPLEMENTED, 501),
    InternalError: Row(grpc.StatusCode.INTERNAL, 500),
}

_BY_CODE: dict[grpc.StatusCode, type[CordboardError]] = {row.grpc_code: kind for kind, row in TABLE.items()} | {
    grpc.StatusCode.DEADLINE_EXCEEDED: UnavailableError,
    grpc.StatusCode.CANCELLED: UnavailableError,
    grpc.StatusCode.ABORTED: ConflictError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidError,
}

_DEFAULT_REASON: dict[grpc.StatusCode, str] = {
    grpc.StatusCode.UNAVAILABLE: "PEER_AWAY",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    grpc.StatusCode.CANCELLED: "CANCELLED",
    grpc.StatusCode.UNIMPLEMENTED: "UNIMPLEMENTED",
}


def row_of(error: CordboardError) -> Row:
    """Give the table's row for an error; a plain CordboardError counts as internal."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return TABLE[InternalError]


def temporal_non_retryable(error: CordboardError) -> bool:
    """Tell whether an activity that raised this must not be tried again."""
    return not error.retryable


def to_status(error: CordboardError) -> status_pb2.Status:
    """Make the rich status (google.rpc.Status with ErrorInfo) of an error."""
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.fields))
    code: int = row_of(error).grpc_code.value[0]
    return status_pb2.Status(code=code_pb2.Code.ValueType(code), message=error.message, details=[detail])


def from_rpc_error(error: grpc.aio.AioRpcError) -> CordboardError:
    """Rebuild the engine's error from a failed call; a foreign failure gets a reason by its code."""
    code = error.code()
    kind = _BY_CODE.get(code, InternalError)
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # AioRpcError has code, details and trailers
    except ValueError:
        status = None
    if status is not None:
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info) and info.domain == DOMAIN:
                return kind(info.reason, status.message, **dict(info.metadata))
    return kind(_DEFAULT_REASON.get(code, code.name), "a call to another part of the engine failed")


@asynccontextmanager
async def translate_errors() -> AsyncIterator[None]:
    """Turn a failed gRPC call inside the block into the engine's own error."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error
