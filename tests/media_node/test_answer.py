"""Reading offers and writing answers."""

import pytest
from media_far_ends import BrowserFarEnd, RecordingHost

from cordboard.core.errors import InvalidError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_COPILOT, LEG_TRANSPORT_WEBRTC
from cordboard.media_node.clock import LoopClock
from cordboard.media_node.leg import LegIdentity
from cordboard.media_node.randomness import SeededRandomness
from cordboard.media_node.webrtc.addresses import LOOPBACK
from cordboard.media_node.webrtc.answer import read_offer
from cordboard.media_node.webrtc.factory import WebRtcLegs

CALLER = LegIdentity("caller", LEG_ROLE_CALLER, LEG_TRANSPORT_WEBRTC)

VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 120\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=sendrecv\r\na=rtpmap:120 VP8/90000\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"
)


async def offer_of(listening: int = 3) -> str:
    browser = BrowserFarEnd(listening)
    sdp = await browser.offer()
    await browser.close()
    return sdp


async def answer_to(sdp: str, identity: LegIdentity = CALLER) -> str:
    legs = WebRtcLegs(LoopClock(), SeededRandomness(1), [LOOPBACK])
    leg, answer = await legs.answer(identity, sdp, RecordingHost())
    await leg.close()
    return answer


def directions(answer: str) -> list[str]:
    known = ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive")
    return [line[2:] for line in answer.splitlines() if line in known]


async def test_the_first_line_is_both_ways_and_the_listening_slots_are_ours() -> None:
    assert directions(await answer_to(await offer_of(3))) == ["sendrecv", "sendonly", "sendonly", "sendonly"]


async def test_each_slot_has_a_stream_of_its_own() -> None:
    answer = await answer_to(await offer_of(3))
    streams = {line for line in answer.splitlines() if line.startswith("a=msid:")}
    assert len(streams) == 4


async def test_opus_is_pinned_to_24_kbit_mono() -> None:
    answer = await answer_to(await offer_of(0))
    format_line = next(line for line in answer.splitlines() if line.startswith("a=fmtp:"))
    for parameter in ("maxaveragebitrate=24000", "stereo=0", "sprop-stereo=0", "useinbandfec=1"):
        assert parameter in format_line


async def test_trickle_and_mixed_extension_headers_are_announced_for_the_session() -> None:
    session = (await answer_to(await offer_of(0))).split("m=")[0]
    assert "a=ice-options:trickle\r\n" in session
    assert "a=extmap-allow-mixed\r\n" in session


async def test_lines_beyond_four_are_refused() -> None:
    answer = await answer_to(await offer_of(5))
    assert [line.split()[1] for line in answer.splitlines() if line.startswith("m=")] == ["9"] * 4 + ["0"] * 2


async def test_video_is_refused_and_left_out_of_the_bundle() -> None:
    answer = await answer_to(await offer_of(0) + VIDEO)
    assert "m=video 0 " in answer
    assert "a=group:BUNDLE 0\r\n" in answer


async def test_a_passive_leg_is_only_ever_sent_to() -> None:
    copilot = LegIdentity("copilot", LEG_ROLE_COPILOT, LEG_TRANSPORT_WEBRTC, passive=True)
    assert directions(await answer_to(await offer_of(1), copilot)) == ["sendonly", "sendonly"]


async def test_hidden_candidates_are_dropped() -> None:
    local = "a=candidate:1 1 udp 2122260223 0e1c5f3b-9c1d.local 50000 typ host\r\n"
    tcp = "a=candidate:2 1 tcp 1518280447 10.0.0.1 9 typ host tcptype active\r\n"
    sdp = await offer_of(0)
    plain = len(read_offer(sdp).candidates)
    assert plain > 0
    assert len(read_offer(sdp + local + tcp).candidates) == plain


async def test_no_more_than_16_candidates_are_tried() -> None:
    many = "".join(f"a=candidate:{n} 1 udp 2122260223 192.0.2.{n} 5000 typ host\r\n" for n in range(1, 60))
    assert len(read_offer(await offer_of(0) + many).candidates) == 16


async def test_a_browser_that_wants_to_be_the_dtls_client_gets_a_server() -> None:
    answer = await answer_to((await offer_of(0)).replace("a=setup:actpass", "a=setup:active"))
    assert "a=setup:passive" in answer


@pytest.mark.parametrize(
    "damage",
    [
        lambda sdp: "",
        lambda sdp: "hello",
        lambda sdp: "v=0\r\nm=nonsense\r\n",
        lambda sdp: sdp.replace("opus", "speex"),
        lambda sdp: sdp.replace("a=ice-pwd", "a=x-pwd"),
        lambda sdp: sdp.replace("a=fingerprint", "a=x-fingerprint"),
        lambda sdp: sdp.replace("a=setup:actpass", "a=setup:sideways"),
        lambda sdp: sdp.replace("m=audio", "m=video"),
        lambda sdp: sdp.replace("a=rtpmap:", "a=rtpmap:x"),
        lambda sdp: sdp + "a=candidate:1 1 udp\r\n",
        lambda sdp: sdp + "a=x:" + "y" * 70_000,
    ],
    ids=[
        "empty", "text", "bad m-line", "no opus", "no ice password", "no fingerprint", "bad setup", "no audio",
        "bad rtpmap", "bad candidate", "too long",
    ],
)  # fmt: skip
async def test_an_offer_that_cannot_be_answered_is_bad_sdp_and_is_not_quoted(damage) -> None:  # type: ignore[no-untyped-def]
    sdp = damage(await offer_of(0))
    with pytest.raises(InvalidError, match="BAD_SDP") as caught:
        await answer_to(sdp)
    assert LOOPBACK not in str(caught.value)
