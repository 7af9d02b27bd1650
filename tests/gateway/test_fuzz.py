"""Whatever comes in at the doors, it is refused with a reason, changes nothing, and is no surprise to the engine."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import grpc
import hypothesis.strategies as st
import pytest
from event_client import PROTOCOL
from gateway_house import House, new_id, reason_of
from hypothesis import HealthCheck, given, settings

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.runtime.grpc_channel import open_user_channel

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SERVICE = pb.DESCRIPTOR.services_by_name["CallService"]
METHODS = sorted(SERVICE.methods_by_name)
ENGINES_FAULTS = {"INTERNAL", "UNKNOWN"}

visible = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
names = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=12)
paths = st.one_of(
    st.sampled_from(["/v1/legs", "/v1/tokens/caller", "/v1/desk", "/healthz", "/"]),
    st.builds("/v1/calls/{}/legs".format, names),
    st.builds("/v1/calls/{}/legs/{}".format, st.builds(new_id), names),
    st.builds("/v1/calls/{}/events?after={}".format, names, names),
    st.builds("/{}".format, names),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.one_of(visible, st.builds("Bearer {}".format, visible)),
        "Content-Type": st.one_of(st.just("application/sdp"), visible),
        "Content-Encoding": visible,
        "Idempotency-Key": visible,
        "Sec-WebSocket-Protocol": visible,
        "traceparent": visible,
    },
)
bodies = st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n".__add__))
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
commands = st.fixed_dictionaries(
    {"command": st.sampled_from(["set_state", "answer_offer", "hold", "retrieve", "hang_up", "renew", "dance"])},
    optional={
        "id": st.one_of(st.builds(new_id), values),
        "state": values,
        "reason": values,
        "call_id": values,
        "leg_id": values,
        "reservation_epoch": values,
        "accepted": values,
        "token": values,
    },
)


@pytest.fixture
def faults(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    caplog.set_level(logging.ERROR)
    return caplog.records


@asynccontextmanager
async def unchanged(house: House, faults: list[logging.LogRecord]) -> AsyncIterator[None]:
    """Nothing is on the log, no call has changed, and no fault was logged."""
    before = (await house.events(), house.control.changes)
    yield
    assert (await house.events(), house.control.changes) == before
    assert [record.getMessage() for record in faults] == []


@FEW
@given(st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS"]), paths, headers, bodies, st.booleans())
async def test_no_request_over_http_is_a_surprise(
    house: House,
    faults: list[logging.LogRecord],
    method: str,
    path: str,
    sent: dict[str, str],
    body: bytes,
    known: bool,
) -> None:
    if known:
        sent = {**sent, "Authorization": f"Bearer {house.token(scopes=['calls:start', 'calls:steer', 'legs:add'])}"}
    async with unchanged(house, faults):
        status, found, problem = await house.ask(method, path, headers=sent, data=body)
        assert status < 500
        if status >= 400:
            assert found["content-type"].startswith("application/problem+json")
            assert problem["reason"]


@FEW
@given(st.lists(st.binary(max_size=120), max_size=4))
async def test_bytes_that_are_no_http_get_a_problem_or_a_hang_up(
    house: House, faults: list[logging.LogRecord], pieces: list[bytes]
) -> None:
    host, _, port = house.gateway.http_address.rpartition(":")
    async with unchanged(house, faults):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.writelines([*pieces, b"\r\n\r\n"])
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@FEW
@given(st.lists(st.one_of(st.text(max_size=60), commands.map(json.dumps), values.map(json.dumps)), max_size=5))
async def test_no_frame_is_a_surprise_to_a_desk(
    house: House, faults: list[logging.LogRecord], frames: list[str]
) -> None:
    token = house.token("agent", (), subject="maria")
    url = f"ws://{house.gateway.http_address}/v1/desk"
    async with house.http.ws_connect(url, protocols=[PROTOCOL, f"bearer.{token}"]) as desk:
        assert (await desk.receive_json())["type"] == "hello"
        for frame in frames:
            await desk.send_str(frame)
        replies: list[dict[str, Any]] = []
        while len(replies) < len(frames):
            message = await desk.receive(10)
            assert message.type == aiohttp.WSMsgType.TEXT, message
            told = json.loads(message.data)
            if told["type"] == "reply":
                replies.append(told)
    assert not [reply for reply in replies if reply.get("reason") == "INTERNAL"]
    assert all(reply["ok"] or reply["reason"] for reply in replies)
    assert house.control.changes == 0
    assert [record.getMessage() for record in faults] == []


@FEW
@given(st.sampled_from(METHODS), st.data())
async def test_no_message_is_a_surprise_to_a_method(
    house: House, faults: list[logging.LogRecord], method: str, data: st.DataObject
) -> None:
    kind = getattr(pb, SERVICE.methods_by_name[method].input_type.name)
    body = data.draw(st.one_of(st.binary(max_size=80), messages(kind).map(lambda message: message.SerializeToString())))
    token = house.token(scopes=["calls:start", "calls:read", "calls:steer", "legs:add", "phi"])
    async with unchanged(house, faults), open_user_channel(house.gateway.grpc_address, token) as channel:
        reason = ""
        try:
            await _raw(channel, method, body)
        except grpc.aio.AioRpcError as refused:
            reason = reason_of(refused)
        assert reason not in ENGINES_FAULTS
        assert reason or method == "ListCalls"


def messages(kind: Any) -> st.SearchStrategy[Any]:
    """Messages of a type with anything in their fields of text and numbers."""
    fields = {
        field.name: st.text(max_size=20) if field.type == field.TYPE_STRING else st.integers(0, 9)
        for field in kind.DESCRIPTOR.fields
        if field.type in (field.TYPE_STRING, field.TYPE_ENUM, field.TYPE_UINT32, field.TYPE_INT32, field.TYPE_UINT64)
        and not field.is_repeated
    }
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


async def _raw(channel: grpc.aio.Channel, method: str, body: bytes) -> Any:
    many = SERVICE.methods_by_name[method].server_streaming
    make: Any = channel.unary_stream if many else channel.unary_unary
    call = make(
        f"/{SERVICE.full_name}/{method}",
        request_serializer=lambda data: data,
        response_deserializer=lambda data: data,
    )(body)
    return await (call.read() if many else call)
