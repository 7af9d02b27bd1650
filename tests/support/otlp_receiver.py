"""A collector of traces for tests: OTLP over HTTP, kept in memory."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A span as it left a process."""

    service: str
    name: str
    trace_id: str
    text: str
    """All that was sent of it."""
    started_ns: int = 0
    ended_ns: int = 0


@dataclass(slots=True)
class OtlpReceiver:
    """What was received so far."""

    address: str = ""
    spans: list[ReceivedSpan] = field(default_factory=list)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    """Everything that was sent, spans, measurements and what else there may be, each with its path."""

    def take(self, body: bytes) -> None:
        """Take a request in."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    received = ReceivedSpan(
                        about["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        str(span),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                    )
                    self.spans.append(received)

    def of_trace(self, trace_id: str) -> list[ReceivedSpan]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    """Receive for a while."""
    receiver = OtlpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.bodies.append((self.path, body))
            if self.path == "/v1/traces":
                receiver.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: pytest captures what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    receiver.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
