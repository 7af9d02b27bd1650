"""A trace over gRPC: carried inside the engine, begun at its doors, and kept by what a process puts on the log."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kept_spans import KeptSpans, kept_spans, trace_of

from cordboard.call.v1.facts_pb2 import PlayoutStarted
from cordboard.core.errors import ConflictError, CordboardError
from cordboard.ledger.v1 import ledger_service_pb2 as pb
from cordboard.ledger.v1 import ledger_service_pb2_grpc as services
from cordboard.runtime import door_span
from cordboard.runtime.grpc_channel import open_channel, open_user_channel, translate_errors
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, UserTokenIssuer, create_keys
from cordboard.runtime.ledger_client import EventProducer, MemoryLedger, agent_stream, call_stream
from cordboard.runtime.trace_context import current_trace_id

SERVICE = "cordboard.ledger.v1.LedgerService"


class _Ledger(services.LedgerServiceServicer):
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def OpenCall(self, request: pb.OpenCallRequest, context: Any) -> pb.OpenCallResponse:
        self.seen.append(current_trace_id())
        if request.tenant == "spent":
            raise ConflictError("TOKEN_USED", "Maria Lopez")
        return pb.OpenCallResponse()

    async def Subscribe(self, request: pb.SubscribeRequest, context: Any) -> AsyncIterator[pb.SubscribeResponse]:
        self.seen.append(current_trace_id())
        yield pb.SubscribeResponse(position=1)
        self.seen.append(current_trace_id())


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptSpans]:
    with kept_spans() as kept:
        monkeypatch.setattr(door_span, "_TRACER", kept.tracer)
        yield kept


@pytest.fixture
def ledger() -> _Ledger:
    return _Ledger()  # type: ignore[abstract]  # only two of the methods are called


@pytest.fixture
async def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path)
    return tmp_path


@pytest.fixture
async def stub(keys: Path, ledger: _Ledger) -> AsyncIterator[Any]:
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "ledger")
    server.add(services.add_LedgerServiceServicer_to_server, ledger, SERVICE)
    address = f"127.0.0.1:{await server.start()}"
    async with open_channel(address, ServiceIdentity.load(keys, "worker", "worker-1"), "ledger") as channel:
        yield services.LedgerServiceStub(channel)
    await server.stop(0)


async def test_a_request_between_processes_stays_in_its_trace(stub: Any, ledger: _Ledger, spans: KeptSpans) -> None:
    with spans.tracer.start_as_current_span("StartCall") as root:
        own = f"{root.get_span_context().trace_id:032x}"
        await stub.OpenCall(pb.OpenCallRequest())
        assert [response.position async for response in stub.Subscribe(pb.SubscribeRequest())] == [1]
    assert ledger.seen == [own] * 3
    opened, subscribed, _ = spans.finished
    assert (opened.name, subscribed.name) == (f"{SERVICE}/OpenCall", f"{SERVICE}/Subscribe")
    assert opened.parent is not None
    assert opened.parent.span_id == root.get_span_context().span_id


async def test_what_no_trace_led_to_begins_none(stub: Any, ledger: _Ledger, spans: KeptSpans) -> None:
    await stub.OpenCall(pb.OpenCallRequest())
    assert (ledger.seen, spans.finished) == ([""], [])


async def test_a_refusal_is_noted_by_its_reason_alone(stub: Any, spans: KeptSpans) -> None:
    with spans.tracer.start_as_current_span("StartCall"), pytest.raises(CordboardError, match="TOKEN_USED"):
        async with translate_errors():
            await stub.OpenCall(pb.OpenCallRequest(tenant="spent"))
    [span] = spans.named(f"{SERVICE}/OpenCall")
    assert dict(span.attributes or {}) == {"rpc.system.name": "grpc", "error.type": "TOKEN_USED"}
    assert "Maria" not in span.to_json()


async def test_a_request_from_outside_begins_a_trace_that_names_its_origin(
    keys: Path, ledger: _Ledger, spans: KeptSpans
) -> None:
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "gateway", authenticate_user=True)
    server.add(services.add_LedgerServiceServicer_to_server, ledger, SERVICE)
    address = f"127.0.0.1:{await server.start()}"
    token = UserTokenIssuer.load(keys).mint(role="app", tenant="clinic")
    with spans.tracer.start_as_current_span("theirs") as theirs:
        async with open_user_channel(address, token) as channel:
            await services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest())
    await server.stop(0)
    [span] = spans.named(f"{SERVICE}/OpenCall")
    assert ledger.seen == [trace_of(span)]
    assert span.parent is None
    assert [link.context.trace_id for link in span.links] == [theirs.get_span_context().trace_id]


async def test_events_carry_the_trace_of_their_call(tmp_path: Path, spans: KeptSpans) -> None:
    memory = MemoryLedger()
    opened = await memory.open_call(tenant="acme", request_id="r1", args_digest=bytes(32), vertical="v")
    stream, agent = call_stream(opened.call_id), agent_stream("acme", "maria")
    async with EventProducer(memory, "media-node/media-node-1/boot", tmp_path) as producer:
        with spans.tracer.start_as_current_span("Apply"):
            first = current_trace_id()
            producer.record_nowait(stream, PlayoutStarted(play_id="p1"))
            producer.record_nowait(agent, PlayoutStarted(play_id="p1"))
        with spans.tracer.start_as_current_span("of another call, whose task does it"):
            producer.record_nowait(stream, PlayoutStarted(play_id="p2"))
        producer.record_nowait(stream, PlayoutStarted(play_id="p3"))
        producer.record_nowait(agent, PlayoutStarted(play_id="p2"))
        await producer.flush()
    own = [one.event for one in [e async for e in memory.read(stream)] if one.event.source.startswith("media-node")]
    assert [event.trace_id for event in own] == [first] * 3
    assert [one.event.trace_id for one in [e async for e in memory.read(agent)]] == [first, ""]
