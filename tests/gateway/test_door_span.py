"""What traces tell of a request: its method and outcome, and nothing that was said."""

import json
import logging
from collections.abc import Iterator

import grpc
import pytest
from gateway_house import House, new_id, start_request
from kept_spans import trace_of
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from cordboard.gateway.call_steering import CallSteering
from cordboard.runtime import door_span
from cordboard.runtime.log import JsonFormatter


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer: trace.Tracer = provider.get_tracer("test")
    monkeypatch.setattr(door_span, "_TRACER", tracer)
    yield exporter
    provider.shutdown()


async def test_a_request_over_http_is_named_by_its_route(house: House, spans: InMemorySpanExporter) -> None:
    await house.post("/v1/legs", house.caller())
    await house.ask("DELETE", f"/v1/calls/{new_id()}/legs/Mr-Smith", house.token())
    await house.ask("GET", "/Mr-Smith")
    started, removed, lost = spans.get_finished_spans()
    assert (lost.name, lost.status.status_code) == ("GET", StatusCode.UNSET)
    assert started.name == "POST /v1/legs"
    assert removed.name == "DELETE /v1/calls/{call_id}/legs/{leg_id}"
    assert dict(removed.attributes or {})["error.type"] == "CALL_NOT_FOUND"
    assert removed.status.status_code == StatusCode.UNSET
    assert "Smith" not in removed.to_json()


async def test_a_fault_of_the_engine_is_an_error(house: House, spans: InMemorySpanExporter) -> None:
    house.ledger.away = True
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.StartCall(start_request())
    [span] = spans.get_finished_spans()
    assert span.name == "cordboard.call.v1.CallService/StartCall"
    assert span.status.status_code == StatusCode.ERROR
    assert not span.events
    assert "ice-ufrag" not in span.to_json()


async def test_requests_are_measured_by_method_and_outcome(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[tuple[float, dict[str, str]]] = []

    class Histogram:
        def record(self, amount: float, attributes: dict[str, str]) -> None:
            measured.append((amount, attributes))

    monkeypatch.setattr(door_span, "_DURATION", Histogram())
    await house.post("/v1/legs", house.caller())
    await house.ask("DELETE", f"/v1/calls/{new_id()}/legs/Mr-Smith", house.token())
    async with house.calls(house.token()) as stub:
        await stub.StartCall(start_request())
    assert [attributes for _, attributes in measured] == [
        {"method": "POST /v1/legs", "outcome": "OK"},
        {"method": "DELETE /v1/calls/{call_id}/legs/{leg_id}", "outcome": "CALL_NOT_FOUND"},
        {"method": "cordboard.call.v1.CallService/StartCall", "outcome": "OK"},
    ]
    assert all(amount > 0 for amount, _ in measured)


async def test_what_is_logged_of_a_failed_request_carries_its_call_and_its_trace_and_nothing_after_it(
    house: House, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, str]] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(json.loads(JsonFormatter().format(record))))
    monkeypatch.setattr(logging.getLogger("cordboard.gateway.http_server"), "handlers", [handler])

    async def fail(*_: object) -> None:
        raise ValueError("Maria Lopez")

    monkeypatch.setattr(CallSteering, "remove_leg", fail)
    calls = [new_id(), new_id()]
    for call_id in calls:
        await house.ask("DELETE", f"/v1/calls/{call_id}/legs/leg-0123456789ab", house.token())
    traces = [trace_of(span) for span in spans.get_finished_spans()]
    assert [(line["call_id"], line["trace_id"]) for line in lines] == list(zip(calls, traces, strict=True))
    assert "Maria" not in json.dumps(lines)
