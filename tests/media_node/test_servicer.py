"""The node behind gRPC: who may call, the voice agent's port, statuses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from media_far_ends import WAIT, BrowserFarEnd, packets
from media_house import CALL, ServedNode

from cordboard.call.v1.facts_pb2 import PlayoutEnded, VoicePortChanged
from cordboard.core.errors import CordboardError
from cordboard.media.v1.command_pb2 import CloseRoom, Command, CreateRoom, RemoveLeg
from cordboard.media.v1.media_node_service_pb2 import (
    ApplyBatchRequest,
    ApplyRequest,
    Attach,
    AttachAudioRequest,
    AttachAudioResponse,
    DrainRequest,
    FlushSpeech,
    GetStatsRequest,
    Playout,
    Speech,
)
from cordboard.runtime.error_table import from_rpc_error


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ServedNode]:
    async with ServedNode(tmp_path / "keys").serve() as served:
        yield served


def tone(milliseconds: int) -> bytes:
    axis = np.arange(24 * milliseconds) / 24_000
    return (np.sin(2 * np.pi * 300 * axis) * 9_000).astype("<i2").tobytes()


async def open_port(house: ServedNode, token: str) -> Any:
    call = house.stub("voice-agent").AttachAudio(metadata=(("x-cordboard-leg-token", token),))
    await call.write(AttachAudioRequest(attach=Attach(call_id=CALL, leg_id="ai")))
    return call


async def read_until(call: Any, kind: str) -> AttachAudioResponse:
    while True:
        response: AttachAudioResponse = await call.read()
        if response.WhichOneof("message") == kind:
            return response


async def reason_of(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    error: CordboardError = from_rpc_error(caught.value)
    return error.reason


async def last_port(house: ServedNode, *, attached: bool) -> VoicePortChanged:
    """Wait until the last word about the port is that it is (or is not) attached."""
    async with asyncio.timeout(WAIT):
        while True:
            events = [fact.event for fact in house.facts.facts if isinstance(fact.event, VoicePortChanged)]
            if events and events[-1].attached == attached:
                return events[-1]
            await house.facts.changed()


async def test_only_workers_may_command(house: ServedNode) -> None:
    request = ApplyRequest(command=house.next(Command(create_room=CreateRoom(tenant="clinic"))))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await house.stub("voice-agent").Apply(request)
    assert from_rpc_error(caught.value).reason == "CALLER_NOT_ALLOWED"
    assert (await house.stub("worker").Apply(request)).result.command_seq == 1


async def test_a_refusal_carries_its_stable_reason(house: ServedNode) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await house.stub("worker").Apply(ApplyRequest(command=house.next(Command())))
    assert from_rpc_error(caught.value).reason == "ROOM_NOT_FOUND"


async def test_a_batch_is_applied_in_order_and_a_refusal_stops_nothing(house: ServedNode) -> None:
    room = house.next(Command(create_room=CreateRoom(tenant="clinic")))
    refused = house.next(Command(remove_leg=RemoveLeg(leg_id="nobody", reason="R")))
    closed = house.next(Command(close_room=CloseRoom(reason="R")))
    request = ApplyBatchRequest(commands=[room, refused, closed])
    answers = (await house.stub("worker").ApplyBatch(request)).answers
    assert [(answer.applied, answer.reason) for answer in answers] == [
        (True, ""),
        (False, "LEG_NOT_FOUND"),
        (True, ""),
    ]
    again = (await house.stub("worker").ApplyBatch(request)).answers
    assert [answer.result.repeated for answer in again] == [True, False, True]


async def test_a_batch_is_of_one_call(house: ServedNode) -> None:
    room = house.next(Command(create_room=CreateRoom(tenant="clinic")))
    other = Command(call_id="another", placement_epoch=1, command_seq=1, create_room=CreateRoom(tenant="clinic"))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await house.stub("worker").ApplyBatch(ApplyBatchRequest(commands=[room, other]))
    assert from_rpc_error(caught.value).reason == "BATCH_INVALID"


async def test_a_voice_agent_hears_the_caller(house: ServedNode) -> None:
    await house.open_room()
    browser = BrowserFarEnd()
    await house.add_browser("caller", browser)
    call = await open_port(house, await house.add_port())
    await house.route(ai=["caller"], caller=["ai"])
    attached = await read_until(call, "attached")
    assert attached.attached.media_us > 0
    first = (await read_until(call, "audio")).audio
    second = (await read_until(call, "audio")).audio
    assert len(first.pcm) == 640
    assert second.media_us - first.media_us == 20_000
    await browser.close()


async def test_a_callers_browser_hears_the_voice_agent_and_the_agent_is_told(house: ServedNode) -> None:
    await house.open_room()
    browser = BrowserFarEnd()
    await house.add_browser("caller", browser)
    call = await open_port(house, await house.add_port())
    await house.route(ai=["caller"], caller=["ai"])
    await call.write(AttachAudioRequest(speech=Speech(play_id="p1", turn_id="t1", pcm=tone(200), last=True)))
    started = (await read_until(call, "playout")).playout
    finished = (await read_until(call, "playout")).playout
    assert (started.state, started.play_id) == (Playout.STATE_STARTED, "p1")
    assert (finished.state, finished.sent.ToMilliseconds()) == (Playout.STATE_FINISHED, 200)
    heard = await browser.heard(10)
    assert [packet.sequence for packet in heard] == [heard[0].sequence + n for n in range(len(heard))]
    await browser.close()


async def test_a_flush_over_the_stream_cuts_off_and_tells_what_was_sent(house: ServedNode) -> None:
    await house.open_room()
    browser = BrowserFarEnd()
    await house.add_browser("caller", browser)
    call = await open_port(house, await house.add_port())
    await house.route(caller=["ai"])
    await call.write(AttachAudioRequest(speech=Speech(play_id="p1", pcm=tone(5_000), last=True)))
    await read_until(call, "playout")
    await browser.heard(10)
    await call.write(AttachAudioRequest(flush=FlushSpeech(play_id="p1")))
    flushed = (await read_until(call, "playout")).playout
    assert flushed.state == Playout.STATE_FLUSHED
    assert 100 < flushed.sent.ToMilliseconds() < 5_000
    ended = [fact.event for fact in house.facts.facts if isinstance(fact.event, PlayoutEnded)]
    assert [(event.flushed, event.sent.ToMilliseconds()) for event in ended] == [(True, flushed.sent.ToMilliseconds())]
    await browser.close()


async def test_a_port_opens_only_with_its_token(house: ServedNode) -> None:
    await house.open_room()
    await house.add_port()
    assert await reason_of(await open_port(house, "guessed")) == "LEG_TOKEN_WRONG"
    bare = house.stub("voice-agent").AttachAudio()
    await bare.write(AttachAudioRequest(attach=Attach(call_id=CALL, leg_id="ai")))
    assert await reason_of(bare) == "LEG_TOKEN_MISSING"


async def test_a_stream_begins_with_attach_to_a_port_that_is_there(house: ServedNode) -> None:
    await house.open_room()
    token = await house.add_port()
    call = house.stub("voice-agent").AttachAudio(metadata=(("x-cordboard-leg-token", token),))
    await call.write(AttachAudioRequest(speech=Speech(play_id="p")))
    assert await reason_of(call) == "ATTACH_MISSING"
    other = house.stub("voice-agent").AttachAudio(metadata=(("x-cordboard-leg-token", token),))
    await other.write(AttachAudioRequest(attach=Attach(call_id=CALL, leg_id="nobody")))
    assert await reason_of(other) == "LEG_NOT_FOUND"


async def test_a_second_stream_takes_the_port_from_the_first(house: ServedNode) -> None:
    await house.open_room()
    token = await house.add_port()
    first = await open_port(house, token)
    await read_until(first, "attached")
    second = await open_port(house, token)
    await read_until(second, "attached")
    assert await reason_of(first) == "REPLACED"
    ports = [fact.event for fact in house.facts.facts if isinstance(fact.event, VoicePortChanged)]
    assert [event.attached for event in ports] == [True]


async def test_a_released_port_and_a_lost_one_are_told_apart(house: ServedNode) -> None:
    await house.open_room()
    token = await house.add_port()
    for end, reason in (("release", "RELEASED"), ("lose", "LOST")):
        call = await open_port(house, token)
        await read_until(call, "attached")
        if end == "release":
            await call.done_writing()
        else:
            call.cancel()
        assert (await last_port(house, attached=False)).reason == reason


async def test_stats_tell_what_a_leg_received_and_was_sent(house: ServedNode) -> None:
    await house.open_room()
    browser, other = BrowserFarEnd(), BrowserFarEnd()
    await house.add_browser("caller", browser)
    await house.add_browser("agent", other)
    await house.route(agent=["caller"])
    await browser.speak(packets(10))
    await other.heard(10)
    stats = await house.stub("worker").GetStats(GetStatsRequest(call_id=CALL))
    legs = {leg.leg_id: leg for leg in stats.legs}
    assert (legs["caller"].packets_received, legs["agent"].packets_sent) == (10, 10)
    assert stats.rooms == 1
    await browser.close()
    await other.close()


async def test_drain_tells_how_many_rooms_are_left(house: ServedNode) -> None:
    await house.open_room()
    assert (await house.stub("cli").Drain(DrainRequest())).rooms_left == 1
    assert (await house.stub("worker").GetStats(GetStatsRequest())).draining


async def test_a_stream_that_says_nothing_is_ended(tmp_path: Path) -> None:
    async with ServedNode(tmp_path / "keys", attach_seconds=0.1).serve() as house:
        await house.open_room()
        token = await house.add_port()
        mute = house.stub("voice-agent").AttachAudio(metadata=(("x-cordboard-leg-token", token),))
        assert await reason_of(mute) == "ATTACH_TIMEOUT"


async def test_more_speech_than_anybody_says_in_one_go_ends_the_stream(house: ServedNode) -> None:
    await house.open_room()
    call = await open_port(house, await house.add_port())
    for number in range(3):
        await call.write(AttachAudioRequest(speech=Speech(play_id=f"p{number}", pcm=bytes(48_000 * 50))))
    assert await reason_of(call) == "SPEECH_TOO_LONG"
    assert (await last_port(house, attached=False)).attached is False
