"""A trace span around each request at a door: which method, for whom, with which outcome, and nothing that was said."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from cordboard.core.errors import CordboardError
from cordboard.runtime.error_table import row_of

_TRACER = trace.get_tracer("cordboard.gateway")
_SERVER_FAULT = 500


@contextmanager
def door_span(name: str, system: str) -> Iterator[None]:
    """Span the block; an error is noted by its stable reason, never by its text.

    `name` is a method of the contract or the pattern of a route, never an address as it was sent.
    """
    attributes = {"rpc.system.name" if system == "grpc" else "network.protocol.name": system}
    with _TRACER.start_as_current_span(
        name, kind=SpanKind.SERVER, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except CordboardError as error:
            span.set_attribute("error.type", error.reason)
            if row_of(error).http_status >= _SERVER_FAULT:
                span.set_status(Status(StatusCode.ERROR))
            raise
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
