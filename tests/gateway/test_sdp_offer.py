"""What passes for an SDP offer of audio."""

import pytest
from aiortc import RTCPeerConnection
from gateway_house import OFFER

from cordboard.core.errors import InvalidError
from cordboard.gateway.sdp_offer import MAX_OFFER, require_audio_offer


def _without(start: str) -> str:
    return "".join(line for line in OFFER.splitlines(keepends=True) if not line.startswith(start))


def test_an_offer_of_audio_over_dtls_passes() -> None:
    require_audio_offer(OFFER)


async def test_an_offer_of_a_real_peer_passes() -> None:
    peer = RTCPeerConnection()
    for direction in ("sendrecv", "recvonly", "recvonly", "recvonly"):
        peer.addTransceiver("audio", direction=direction)
    offer = await peer.createOffer()
    await peer.setLocalDescription(offer)
    require_audio_offer(peer.localDescription.sdp)
    await peer.close()


def test_bare_line_feeds_and_a_missing_last_one_pass() -> None:
    require_audio_offer(OFFER.replace("\r\n", "\n").rstrip("\n"))


def test_ice_and_fingerprint_may_stand_at_the_session() -> None:
    shared = [line for line in OFFER.splitlines() if line.startswith(("a=ice-", "a=fingerprint", "a=setup"))]
    rest = [line for line in OFFER.splitlines() if line not in shared]
    require_audio_offer("\r\n".join([*rest[:4], *shared, *rest[4:]]))


def test_a_second_line_that_is_turned_off_passes() -> None:
    require_audio_offer(OFFER + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n")


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ("", "BAD_LINE"),
        ("hello", "BAD_LINE"),
        ('{"type": "offer"}', "BAD_LINE"),
        ("v=0\r\n", "SESSION_LINES"),
        (OFFER.replace("v=0", "v=1"), "SESSION_LINES"),
        (_without("o="), "SESSION_LINES"),
        (OFFER.replace("s=-", "s=-\x00"), "BAD_LINE"),
        (OFFER + "\r\nx", "BAD_LINE"),
        (OFFER.replace("m=audio 9", "m=audio"), "BAD_MEDIA_LINE"),
        (OFFER.replace("m=audio 9", "m=audio 99999"), "BAD_MEDIA_LINE"),
        (OFFER.replace("m=audio 9", "m=audio 0"), "NO_AUDIO"),
        (OFFER.replace("m=audio", "m=video"), "NO_AUDIO"),
        (OFFER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "NO_AUDIO"),
        (OFFER[: OFFER.index("m=audio")], "NO_AUDIO"),
        (_without("a=ice-ufrag"), "NO_ICE"),
        (_without("a=ice-pwd"), "NO_ICE"),
        (_without("a=fingerprint"), "NO_FINGERPRINT"),
        (OFFER.replace("actpass", "holdconn"), "BAD_SETUP"),
        (OFFER + "a=x\r\n" * MAX_OFFER, "TOO_LONG"),
    ],
)
def test_what_is_no_such_offer_is_refused_with_its_problem(offer: str, problem: str) -> None:
    with pytest.raises(InvalidError) as refused:
        require_audio_offer(offer)
    assert (refused.value.reason, refused.value.fields["problem"]) == ("BAD_SDP", problem)
