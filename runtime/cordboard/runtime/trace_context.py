"""W3C trace context between processes, so that one call is one trace.

A trace begins at the engine's doors. Inside it is carried on: over gRPC by the metadata `traceparent`, through
Temporal by headers. What no trace led to (leases, heartbeats, what ships in the background) begins none.
"""

from collections.abc import Iterable

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()


def outgoing() -> dict[str, str]:
    """Give what a request to another process carries; nothing outside of a trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier


def incoming(headers: Iterable[tuple[str, object]]) -> SpanContext | None:
    """Read where a request comes from; None when it carries no trace, or nothing that can be read as one."""
    carrier = {key: value for key, value in headers if key == TRACEPARENT and isinstance(value, str)}
    span = trace.get_current_span(_PROPAGATOR.extract(carrier, Context())).get_span_context()
    return span if span.is_valid else None


def within(span: SpanContext) -> Context:
    """Give the context in which a span that another process keeps is the current one."""
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


def enter(span: SpanContext) -> None:
    """Go on within a span for as long as the running task lives."""
    context.attach(within(span))


def linked(span: SpanContext | None) -> list[Link]:
    """Give the link to where a request from outside comes from: named, and not joined."""
    return [] if span is None else [Link(span)]


def current_trace_id() -> str:
    """Give the trace that the running code belongs to, as 32 hexadecimal digits; empty outside of any."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else ""
