"""What bytes that are no message get over gRPC, and what the other services answer."""

from typing import Any

import grpc
import pytest
from gateway_house import House, reason_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from cordboard.gateway.gateway import MAX_REQUEST
from cordboard.runtime.grpc_channel import open_user_channel


def _raw(channel: grpc.aio.Channel, method: str, body: bytes) -> Any:
    path = f"/cordboard.call.v1.CallService/{method}"
    kind: Any = channel.unary_stream if method == "WatchCall" else channel.unary_unary
    call = kind(path, request_serializer=lambda data: data, response_deserializer=lambda data: data)(body)
    return call.read() if method == "WatchCall" else call


@pytest.mark.parametrize("method", ["StartCall", "GetCall", "WatchCall", "EndCall"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xff\xff\xff", "MALFORMED_MESSAGE"),
        (b"\x0a\x7fshort", "MALFORMED_MESSAGE"),
        (b"\x0a\x02\xff\xfe", "MALFORMED_MESSAGE"),
        (b"v" * (MAX_REQUEST + 1), "MESSAGE_TOO_LARGE"),
    ],
)
async def test_bytes_that_are_no_message_change_nothing(house: House, method: str, body: bytes, reason: str) -> None:
    async with open_user_channel(house.gateway.grpc_address, house.token()) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _raw(channel, method, body)
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert (await house.events(), house.control.changes) == (0, 0)


async def test_who_shows_no_token_is_not_told_what_is_wrong_with_the_bytes(house: House) -> None:
    async with grpc.aio.insecure_channel(house.gateway.grpc_address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _raw(channel, "StartCall", b"\xff\xff")
    assert reason_of(refused.value) == "TOKEN_MISSING"


async def test_a_message_over_the_transports_limit_is_refused(house: House) -> None:
    async with open_user_channel(house.gateway.grpc_address, house.token()) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _raw(channel, "StartCall", b"v" * (5 << 20))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await house.events(), house.control.changes) == (0, 0)


async def test_health_and_reflection_are_open(house: House) -> None:
    async with grpc.aio.insecure_channel(house.gateway.grpc_address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service="cordboard.call.v1.CallService"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        make_stub: Any = reflection_pb2_grpc.ServerReflectionStub
        stream = make_stub(channel).ServerReflectionInfo(iter([asked]))
        listed = [service.name async for reply in stream for service in reply.list_services_response.service]
        assert {"cordboard.call.v1.CallService", "cordboard.registry.v1.WorkflowRegistryService"} <= set(listed)
