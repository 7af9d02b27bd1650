"""The server's doors: tokens, who may call, and errors with stable reasons."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kept_spans import kept_spans

from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    ForbiddenError,
    InternalError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from cordboard.ledger.v1 import ledger_service_pb2 as pb
from cordboard.ledger.v1 import ledger_service_pb2_grpc as services
from cordboard.ledger.v1.envelope_pb2 import Stream
from cordboard.runtime.grpc_channel import open_channel, translate_errors
from cordboard.runtime.grpc_server import GrpcServer, current_service
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, create_keys
from cordboard.runtime.log import JsonFormatter

CALL = "01890a5d-ac96-774b-bcce-b302099a8057"


class _Ledger(services.LedgerServiceServicer):
    async def OpenCall(self, request: pb.OpenCallRequest, context: Any) -> pb.OpenCallResponse:
        if request.tenant == "spent":
            raise ConflictError("TOKEN_USED", "the token was spent", token_id="t1")
        if request.tenant == "bug":
            raise ValueError("Maria Lopez")
        return pb.OpenCallResponse(call_id=current_service().instance)

    async def Read(self, request: pb.ReadRequest, context: Any) -> pb.ReadResponse:
        raise ValueError("Maria Lopez")

    async def Subscribe(self, request: pb.SubscribeRequest, context: Any) -> AsyncIterator[pb.SubscribeResponse]:
        if request.HasField("stream"):
            raise ValueError("Maria Lopez")
        yield pb.SubscribeResponse(position=1)
        raise NotFoundError("STREAM_NOT_FOUND", "no such stream")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path)
    return tmp_path


@pytest.fixture
async def address(keys: Path) -> AsyncIterator[str]:
    server = GrpcServer(
        "127.0.0.1:0",
        TokenVerifier.load(keys),
        "ledger",
        allowed={"/cordboard.ledger.v1.LedgerService/Verify": {"cli"}},
    )
    servicer = _Ledger()  # type: ignore[abstract]  # only two of the methods are called
    server.add(services.add_LedgerServiceServicer_to_server, servicer, "cordboard.ledger.v1.LedgerService")
    port = await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


@pytest.fixture
async def stub(keys: Path, address: str) -> AsyncIterator[Any]:
    async with open_channel(address, ServiceIdentity.load(keys, "worker", "worker-1"), "ledger") as channel:
        yield services.LedgerServiceStub(channel)


async def _error_of(call: Any) -> CordboardError:
    with pytest.raises(CordboardError) as caught:
        async with translate_errors():
            await call
    return caught.value


async def test_a_handler_knows_which_instance_calls(stub: Any) -> None:
    assert (await stub.OpenCall(pb.OpenCallRequest())).call_id == "worker-1"


async def test_an_error_keeps_its_category_reason_and_fields(stub: Any) -> None:
    error = await _error_of(stub.OpenCall(pb.OpenCallRequest(tenant="spent")))
    assert isinstance(error, ConflictError)
    assert (error.reason, error.fields) == ("TOKEN_USED", {"token_id": "t1"})


async def test_what_a_handler_logs_carries_the_call_and_the_trace_of_its_request(
    stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(json.loads(JsonFormatter().format(record))))
    logger = logging.getLogger("cordboard.runtime.grpc_server")
    monkeypatch.setattr(logger, "handlers", [handler])
    about = Stream(kind="call", id=CALL)
    with kept_spans() as kept, kept.tracer.start_as_current_span("asking") as span:
        await _error_of(stub.Read(pb.ReadRequest(stream=about)))
        await _error_of(anext(aiter(stub.Subscribe(pb.SubscribeRequest(stream=about)))))
    trace_id = f"{span.get_span_context().trace_id:032x}"
    assert [(line["call_id"], line["trace_id"]) for line in lines] == [(CALL, trace_id)] * 2


async def test_an_unforeseen_failure_does_not_leak_its_text(stub: Any) -> None:
    error = await _error_of(stub.OpenCall(pb.OpenCallRequest(tenant="bug")))
    assert isinstance(error, InternalError)
    assert error.reason == "INTERNAL"
    assert "Maria" not in str(error)


async def test_a_stream_may_end_with_an_error(stub: Any) -> None:
    seen = []
    with pytest.raises(NotFoundError, match="STREAM_NOT_FOUND"):
        async with translate_errors():
            async for message in stub.Subscribe(pb.SubscribeRequest()):
                seen.append(message.position)
    assert seen == [1]


async def test_a_method_is_closed_to_components_that_are_not_listed(stub: Any) -> None:
    with pytest.raises(ForbiddenError, match="CALLER_NOT_ALLOWED"):
        async with translate_errors():
            async for _ in stub.Verify(pb.VerifyRequest()):
                pass


async def test_a_token_for_another_audience_is_refused(keys: Path, address: str) -> None:
    async with open_channel(address, ServiceIdentity.load(keys, "worker", "worker-1"), "gateway") as channel:
        error = await _error_of(services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest()))
    assert isinstance(error, UnauthenticatedError)
    assert error.reason == "TOKEN_INVALID"


async def test_a_call_without_a_token_is_refused_and_health_is_open(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        error = await _error_of(services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest()))
        stub: Any = health_pb2_grpc.HealthStub(channel)
        health = await stub.Check(health_pb2.HealthCheckRequest())
    assert error.reason == "TOKEN_MISSING"
    assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_bytes_that_are_no_message_are_refused_with_a_reason(keys: Path, address: str) -> None:
    async with open_channel(address, ServiceIdentity.load(keys, "worker", "worker-1"), "ledger") as channel:
        ask: Any = channel.unary_unary("/cordboard.ledger.v1.LedgerService/OpenCall")
        follow: Any = channel.unary_stream("/cordboard.ledger.v1.LedgerService/Subscribe")
        assert (await _error_of(ask(b"\xff\xff\xff"))).reason == "MALFORMED_MESSAGE"
        assert (await _error_of(follow(b"\xff\xff\xff").read())).reason == "MALFORMED_MESSAGE"
    async with grpc.aio.insecure_channel(address) as stranger:
        unknown: Any = stranger.unary_unary("/cordboard.ledger.v1.LedgerService/OpenCall")
        assert (await _error_of(unknown(b"\xff\xff\xff"))).reason == "TOKEN_MISSING"


async def test_a_process_that_works_elsewhere_shows_by_health_whether_it_does(keys: Path) -> None:
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "worker", serving=False)
    port = await server.start()
    seen = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        seen.append((await stub.Check(health_pb2.HealthCheckRequest())).status)
        await server.set_serving(True)
        seen.append((await stub.Check(health_pb2.HealthCheckRequest())).status)
    await server.stop(0)
    assert seen == [health_pb2.HealthCheckResponse.NOT_SERVING, health_pb2.HealthCheckResponse.SERVING]


async def test_a_peer_that_is_away_is_an_error_worth_repeating(keys: Path) -> None:
    async with open_channel("127.0.0.1:1", ServiceIdentity.load(keys, "worker", "worker-1"), "ledger") as channel:
        error = await _error_of(services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest()))
    assert isinstance(error, UnavailableError)
    assert error.retryable
