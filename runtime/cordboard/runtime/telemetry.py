"""Traces and metrics of a process, sent by OTLP; what nobody vouches for does not leave it.

Parts of the engine use OpenTelemetry's API, which does nothing until a process installs providers.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

from cordboard.runtime.log import FIELDS
from cordboard.runtime.settings import Settings
from cordboard.runtime.vouched import vouched

EXPORT_SECONDS = 2.0
METRICS_EVERY_MS = 10_000
_TEMPORALS = frozenset({"temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalUpdateID"})
ATTRIBUTES = FIELDS | _TEMPORALS | {"rpc.system.name", "network.protocol.name", "error.type"}
"""Names under which something may be said of a span or a measurement."""


class VouchedSpans(SpanExporter):
    """Passes spans on with known attributes only; events and texts of errors, which hold anything, stay here."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Stand before an exporter."""
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export what may leave the process."""
        return self._exporter.export([_vouched(span) for span in spans])

    def shutdown(self) -> None:
        """Close the exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits in the exporter."""
        return self._exporter.force_flush(timeout_millis)


def tracer_provider(processor: SpanProcessor, resource: Resource) -> TracerProvider:
    """Make a provider of tracers; `processor` ends in a VouchedSpans."""
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


def meter_provider(reader: MetricReader, resource: Resource) -> MeterProvider:
    """Make a provider of meters whose measurements keep known attributes only."""
    vouched = View(instrument_name="*", attribute_keys=set(ATTRIBUTES))
    return MeterProvider(
        [reader],
        resource=resource,
        # An exemplar carries the very attributes that the view leaves out.
        exemplar_filter=AlwaysOffExemplarFilter(),
        shutdown_on_exit=False,
        views=[vouched],
    )


@contextmanager
def telemetry(settings: Settings) -> Iterator[None]:
    """Send the process's traces and metrics while the block runs, if CORDBOARD_OTLP_ENDPOINT names a collector.

    The endpoint is the base of OTLP over HTTP, such as `http://127.0.0.1:4318`. Without one traces are made all the
    same: their ids stand on the log's events and in the logs of all processes.
    """
    if not settings.otlp_endpoint:
        trace.set_tracer_provider(TracerProvider(resource=_resource(settings), shutdown_on_exit=False))
        yield
        return
    # Needed by few processes, and slow to import.
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base, resource = settings.otlp_endpoint.rstrip("/"), _resource(settings)
    spans = VouchedSpans(OTLPSpanExporter(f"{base}/v1/traces", timeout=EXPORT_SECONDS))
    measurements = OTLPMetricExporter(f"{base}/v1/metrics", timeout=EXPORT_SECONDS)
    tracers = tracer_provider(BatchSpanProcessor(spans), resource)
    meters = meter_provider(PeriodicExportingMetricReader(measurements, METRICS_EVERY_MS), resource)
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    _watch_process(meters)
    try:
        yield
    finally:
        tracers.shutdown()
        meters.shutdown()


def _watch_process(meters: MeterProvider) -> None:
    def cpu(_options: CallbackOptions) -> Iterator[Observation]:
        yield Observation(time.process_time())

    meters.get_meter("cordboard.process").create_observable_counter(
        "cordboard.process.cpu", [cpu], "s", "CPU time of the process, without that of its children"
    )


def _resource(settings: Settings) -> Resource:
    name, _, number = settings.instance.rpartition("-")
    return Resource(
        {
            "service.namespace": "cordboard",
            "service.name": name if number.isdecimal() else settings.instance or "cordboard",
            "service.instance.id": settings.instance,
            "service.version": settings.build_id,
        }
    )


def _vouched(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_known(span.attributes or {}),
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return vouched(attributes, ATTRIBUTES)
