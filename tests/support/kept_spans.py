"""Spans of a test, kept in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer


class KeptSpans:
    """A tracer, and what it made."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer: Tracer = self.provider.get_tracer("test")

    @property
    def finished(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order of their ends."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of a name."""
        return [span for span in self.finished if span.name == name]

    def traces(self) -> set[str]:
        """The traces that any span belongs to."""
        return {trace_of(span) for span in self.finished}


def trace_of(span: ReadableSpan) -> str:
    """The trace of a span, as events name it."""
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


@contextmanager
def kept_spans() -> Iterator[KeptSpans]:
    """Keep spans for a while."""
    kept = KeptSpans()
    yield kept
    kept.provider.shutdown()
