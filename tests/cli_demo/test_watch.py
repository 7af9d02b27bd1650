from collections.abc import AsyncIterator

import grpc
import pytest
from call_log import CALL, booked_call

from cordboard.call.v1 import call_service_pb2_grpc
from cordboard.call.v1.call_service_pb2 import WatchCallRequest, WatchCallResponse
from cordboard.cli.demo.story import Beat, Story
from cordboard.cli.demo.watch import CallWatch


class _BreakingGateway(call_service_pb2_grpc.CallServiceServicer):
    """Gives four events per stream, then breaks, until the end of the call."""

    def __init__(self) -> None:
        self.cursors: list[int] = []

    async def WatchCall(
        self, request: WatchCallRequest, context: grpc.aio.ServicerContext[WatchCallRequest, WatchCallResponse]
    ) -> AsyncIterator[WatchCallResponse]:
        assert request.call_id == CALL
        self.cursors.append(request.after_seq)
        rest = booked_call().envelopes[request.after_seq :]
        for envelope in rest[:4]:
            yield WatchCallResponse(event=envelope)
        if len(rest) > 4:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[_BreakingGateway, str]]:
    server = grpc.aio.server()
    servicer = _BreakingGateway()  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
    call_service_pb2_grpc.add_CallServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(None)


async def test_a_broken_stream_is_taken_up_where_it_broke(gateway: tuple[_BreakingGateway, str]) -> None:
    servicer, address = gateway
    beats: list[str] = []

    def tell(at: float, beat: Beat, story: Story) -> None:
        beats.append(beat.text)

    async with grpc.aio.insecure_channel(address) as channel:
        watch = CallWatch(call_service_pb2_grpc.CallServiceStub(channel), CALL, tell)
        await watch.until_over()
        story = await watch.late_facts()
    assert story.events == len(booked_call().envelopes)
    assert servicer.cursors[:3] == [0, 4, 8]
    assert beats.count("Yes, that is fine.") == 1
    assert story.mos_by_leg == {"c": 4.3}, "the fact behind the last decision is read too"
