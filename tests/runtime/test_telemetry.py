"""What leaves a process by OTLP, and what does not."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from cordboard.runtime.buckets import SECONDS
from cordboard.runtime.telemetry import VouchedSpans, meter_provider, tracer_provider

PROGRAM = """
import sys
from opentelemetry import metrics, trace
from cordboard.runtime.process import run

meter = metrics.get_meter("cordboard.test").create_histogram("cordboard.leg.mos")
tracer = trace.get_tracer("cordboard.test")

async def main(settings, stop):
    with tracer.start_as_current_span("GetCall", attributes={"text": "Maria Lopez", "error.type": "CALL_NOT_FOUND"}):
        meter.record(4.2, {"role": "caller", "text": "Maria Lopez"})

sys.exit(run(main))
"""


def test_a_span_leaves_with_known_attributes_and_no_text() -> None:
    exporter = InMemorySpanExporter()
    provider = tracer_provider(SimpleSpanProcessor(VouchedSpans(exporter)), Resource({"service.name": "gateway"}))
    tracer = provider.get_tracer("test")
    with (
        pytest.raises(ValueError, match="Maria"),
        tracer.start_as_current_span("GetCall", attributes={"call_id": "c1", "text": "Maria Lopez"}) as span,
    ):
        span.add_event("said", {"text": "Maria Lopez"})
        span.set_status(Status(StatusCode.ERROR, "Maria Lopez"))
        raise ValueError("Maria Lopez")
    (sent,) = exporter.get_finished_spans()
    assert sent.name == "GetCall"
    assert dict(sent.attributes or {}) == {"call_id": "c1"}
    assert sent.status.status_code is StatusCode.ERROR
    assert "Maria" not in sent.to_json()
    provider.shutdown()


def test_a_measurement_leaves_with_known_attributes() -> None:
    reader = InMemoryMetricReader()
    provider = meter_provider(reader, Resource({"service.name": "media-node"}))
    mos = provider.get_meter("test").create_histogram("cordboard.leg.mos")
    mos.record(4.2, {"role": "caller", "text": "Maria Lopez"})
    mos.record(3.9, {"role": "caller", "text": "Ann Poe"})
    data = reader.get_metrics_data()
    assert data is not None
    (point,) = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    assert isinstance(point, HistogramDataPoint)
    assert (dict(point.attributes or {}), point.count) == ({"role": "caller"}, 2)
    provider.shutdown()


@pytest.fixture
def collector() -> Iterator[tuple[str, dict[str, bytes]]]:
    received: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: pytest captures what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_process_sends_both_to_the_collector_that_is_named(collector: tuple[str, dict[str, bytes]]) -> None:
    address, received = collector
    settings = {"CORDBOARD_OTLP_ENDPOINT": address, "CORDBOARD_INSTANCE": "gateway-1"}
    environment = {**os.environ, **settings, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, timeout=60, check=True)
    assert set(received) == {"/v1/traces", "/v1/metrics"}
    assert b"CALL_NOT_FOUND" in received["/v1/traces"]
    assert b"cordboard.leg.mos" in received["/v1/metrics"]
    assert b"cordboard.process.cpu" in received["/v1/metrics"]
    assert b"gateway-1" in received["/v1/traces"]
    assert b"Maria" not in b"".join(received.values())


def test_without_an_endpoint_a_process_sends_nothing() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={"PATH": os.environ["PATH"]}, capture_output=True, timeout=60, check=False
    )
    assert (outcome.returncode, outcome.stderr) == (0, b"")


def test_histograms_keep_the_bounds_that_percentiles_are_told_from() -> None:
    reader = InMemoryMetricReader()
    provider = meter_provider(reader, Resource({}))
    took = provider.get_meter("test").create_histogram("took", "s", explicit_bucket_boundaries_advisory=SECONDS)
    took.record(0.12, {"kind": "ledger"})
    data = reader.get_metrics_data()
    assert data is not None
    [point] = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    assert isinstance(point, HistogramDataPoint)
    assert tuple(point.explicit_bounds) == SECONDS
    assert dict(point.attributes or {}) == {"kind": "ledger"}
    provider.shutdown()
