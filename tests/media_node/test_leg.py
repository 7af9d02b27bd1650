"""The contract of a leg, held by the WebRTC leg and the leg in memory alike."""

from collections.abc import AsyncIterator

import pytest
from media_far_ends import FarEnd, MemoryFarEnd, RecordingHost, WebRtcFarEnd, packets

from cordboard.media.v1.leg_pb2 import LEG_STATE_ENDED
from cordboard.media_node.rtp import build_rtp


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture(params=[MemoryFarEnd, WebRtcFarEnd], ids=["memory", "webrtc"])
async def far_end(request: pytest.FixtureRequest, host: RecordingHost) -> AsyncIterator[FarEnd]:
    end: FarEnd = request.param(host)
    await end.connect()
    yield end
    await end.close()


async def test_a_leg_says_once_that_media_can_flow(far_end: FarEnd, host: RecordingHost) -> None:
    assert host.connections == ["caller"]


async def test_what_the_far_end_says_reaches_the_host_unchanged(far_end: FarEnd, host: RecordingHost) -> None:
    said = packets(5)
    await far_end.speak(said)
    await host.until(lambda host: len(host.packets) == 5)
    assert host.packets == said


async def test_what_is_sent_reaches_the_far_end_in_order(far_end: FarEnd) -> None:
    stream = far_end.leg.streams[0]
    sent = packets(5, ssrc=stream.ssrc, payload_type=stream.payload_type)
    far_end.leg.send([build_rtp(packet) for packet in sent])
    assert await far_end.heard(5) == sent


async def test_each_listening_slot_is_a_stream_of_its_own(far_end: FarEnd) -> None:
    assert len({stream.ssrc for stream in far_end.leg.streams}) == 2


async def test_hearing_of_the_far_end_moves_its_last_sign_of_life(far_end: FarEnd, host: RecordingHost) -> None:
    before = far_end.leg.last_heard_us
    await far_end.speak(packets(1))
    await host.until(lambda host: bool(host.packets))
    after = far_end.leg.last_heard_us
    assert before is not None
    assert after is not None
    assert after >= before


async def test_a_goodbye_of_the_far_end_ends_the_leg_as_closed_by_the_client(
    far_end: FarEnd, host: RecordingHost
) -> None:
    await far_end.hang_up()
    await host.until(lambda host: bool(host.ends))
    assert host.ends == [(LEG_STATE_ENDED, "CLIENT_CLOSED")]


async def test_a_closed_leg_says_nothing_more(far_end: FarEnd, host: RecordingHost) -> None:
    await far_end.leg.close()
    assert host.ends == []
