"""Each request at a door as a span and a measurement: which method, with which outcome, and nothing that was said."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from cordboard.core.errors import CordboardError
from cordboard.runtime.buckets import SECONDS
from cordboard.runtime.error_table import row_of
from cordboard.runtime.log_context import bind
from cordboard.runtime.trace_context import current_trace_id

_TRACER = trace.get_tracer("cordboard.doors")
_DURATION = metrics.get_meter("cordboard.doors").create_histogram(
    "cordboard.door.duration",
    "s",
    "what a request took, by method and by OK or the reason of its refusal",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_SERVER_FAULT = 500


@contextmanager
def door_span(
    name: str, system: str, *, context: Context | None = None, links: Sequence[Link] = ()
) -> Iterator[SpanContext]:
    """Span the block, in `context` where the request belongs to a trace already, and give the span's own.

    An error is noted by its stable reason, never by its text. `name` is a method of the contract or the pattern of a
    route, never an address as it was sent.
    """
    attributes = {"rpc.system.name" if system == "grpc" else "network.protocol.name": system}
    with _TRACER.start_as_current_span(
        name,
        context=context or Context(),
        kind=SpanKind.SERVER,
        attributes=attributes,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        # What is logged of a request that failed is logged after its span.
        bind(trace_id=current_trace_id())
        try:
            yield span.get_span_context()
        except CordboardError as error:
            span.set_attribute("error.type", error.reason)
            if row_of(error).http_status >= _SERVER_FAULT:
                span.set_status(Status(StatusCode.ERROR))
            raise
        except Exception as error:
            # Whatever it was, the span says its kind, and the door makes an answer of it.
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise


@contextmanager
def door_time(name: str) -> Iterator[None]:
    """Measure what the block takes; `name` as for `door_span`."""
    outcome, begun = "INTERNAL", time.perf_counter()
    try:
        yield
        outcome = "OK"
    except CordboardError as error:
        outcome = error.reason
        raise
    finally:
        _DURATION.record(time.perf_counter() - begun, {"method": name, "outcome": outcome})
