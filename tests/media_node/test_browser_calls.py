"""Whole calls between aiortc peers through a node on loopback."""

import re
import threading
from collections.abc import AsyncIterator

import aioice.stun
import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSrPacket
from media_far_ends import BrowserFarEnd, packets
from media_house import CALL, NodeHouse

from cordboard.media.v1.command_pb2 import AddLeg, CloseRoom, Command, WebrtcOffer
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_CALLER,
    LEG_ROLE_COPILOT,
    LEG_ROLE_HUMAN_AGENT,
    LEG_STATE_ENDED,
    LEG_STATE_FAILED,
)
from cordboard.media_node.clock import VirtualClock
from cordboard.media_node.rtp import build_rtp
from cordboard.media_node.webrtc import ice

SECOND = 1_000_000


@pytest.fixture
async def house() -> AsyncIterator[NodeHouse]:
    house = NodeHouse()
    await house.open_room()
    yield house
    await house.close()


@pytest.fixture
async def timed() -> AsyncIterator[tuple[NodeHouse, VirtualClock]]:
    """A house whose media timers stand still until told otherwise; its sockets are real."""
    clock = VirtualClock(1_000_000)
    house = NodeHouse(clock)
    await house.open_room()
    yield house, clock
    await house.close()


@pytest.fixture
async def browsers() -> AsyncIterator[list[BrowserFarEnd]]:
    ends = [BrowserFarEnd() for _ in range(3)]
    yield ends
    for end in ends:
        await end.close()


async def test_two_browsers_hear_each_other_with_payloads_untouched(
    house: NodeHouse, browsers: list[BrowserFarEnd]
) -> None:
    caller, agent, _ = browsers
    await house.add_browser("caller", caller)
    await house.add_browser("agent", agent, role=LEG_ROLE_HUMAN_AGENT)
    await house.route(agent=["caller"], caller=["agent"])
    said, answered = packets(20, ssrc=5), packets(20, first=60_000, ssrc=6)
    await caller.speak(said)
    await agent.speak(answered)
    assert [packet.payload for packet in await agent.heard(20)] == [packet.payload for packet in said]
    assert [packet.payload for packet in await caller.heard(20)] == [packet.payload for packet in answered]


async def test_a_packet_that_is_too_long_to_forward_harms_nobody(
    house: NodeHouse, browsers: list[BrowserFarEnd]
) -> None:
    caller, agent, _ = browsers
    await house.add_browser("caller", caller)
    await house.add_browser("agent", agent)
    await house.route(agent=["caller"])
    said = packets(3)
    said[1] = said[1]._replace(payload=bytes(1_400))
    house.node.room(CALL).received("caller", [build_rtp(packet) for packet in said], 0)
    assert [packet.payload for packet in await agent.heard(2)] == [said[0].payload, said[2].payload]


async def test_an_offer_without_candidates_connects(house: NodeHouse, browsers: list[BrowserFarEnd]) -> None:
    await house.add_browser("caller", browsers[0], candidates=False)


async def test_three_sources_are_heard_on_three_streams(house: NodeHouse) -> None:
    boss = BrowserFarEnd(listening=3)
    speakers = [BrowserFarEnd(listening=0) for _ in range(3)]
    await house.add_browser("boss", boss)
    for n, speaker in enumerate(speakers):
        await house.add_browser(f"leg-{n}", speaker)
    await house.route(boss=["leg-0", "leg-1", "leg-2"])
    for speaker in speakers:
        await speaker.speak(packets(5))
    heard = await boss.heard(15)
    assert len({packet.ssrc for packet in heard}) == 3
    for end in (boss, *speakers):
        await end.close()


async def test_a_listener_gets_sender_reports_and_a_speaker_receiver_reports(
    timed: tuple[NodeHouse, VirtualClock], browsers: list[BrowserFarEnd]
) -> None:
    house, clock = timed
    caller, agent, _ = browsers
    await house.add_browser("caller", caller)
    await house.add_browser("agent", agent)
    await house.route(agent=["caller"])
    said = packets(10)
    await caller.speak([packet for n, packet in enumerate(said) if n != 4])
    await agent.heard(9)
    clock.advance(SECOND)
    sender = RtcpPacket.parse((await agent.reported(1))[0])[0]
    receiver = RtcpPacket.parse((await caller.reported(1))[0])[0]
    assert isinstance(sender, RtcpSrPacket)
    assert (sender.ssrc, sender.sender_info.packet_count) == (agent.packets[0].ssrc, 9)
    assert isinstance(receiver, RtcpRrPacket)
    assert (receiver.reports[0].ssrc, receiver.reports[0].packets_lost) == (5, 1)


async def test_what_a_browser_reports_becomes_its_legs_loss(
    timed: tuple[NodeHouse, VirtualClock], browsers: list[BrowserFarEnd]
) -> None:
    house, _ = timed
    await house.add_browser("caller", browsers[0])
    block = RtcpReceiverInfo(ssrc=1, fraction_lost=128, packets_lost=3, highest_sequence=1, jitter=0, lsr=0, dlsr=0)
    await browsers[0]._transport()._send_rtp(bytes(RtcpRrPacket(5, [block])))
    await browsers[0].speak(packets(1))
    leg = house.node.room(CALL).leg("caller")
    await house.until_received("caller", 1)
    assert leg.far_report().fraction_lost == 0.5


async def test_a_browser_that_closes_ends_its_leg(house: NodeHouse, browsers: list[BrowserFarEnd]) -> None:
    await house.add_browser("caller", browsers[0])
    await browsers[0].close()
    assert (await house.until_state("caller", LEG_STATE_ENDED)).reason == "CLIENT_CLOSED"


async def test_a_browser_that_vanishes_is_noticed_within_4_s_by_silence(
    timed: tuple[NodeHouse, VirtualClock], browsers: list[BrowserFarEnd]
) -> None:
    house, clock = timed
    await house.add_browser("caller", browsers[0])
    browsers[0].vanish()
    clock.advance(4 * SECOND)
    assert (await house.until_state("caller", LEG_STATE_ENDED)).reason == "SILENT"


async def test_a_browser_that_vanishes_is_noticed_by_consent_when_the_clock_does_not_help(
    timed: tuple[NodeHouse, VirtualClock], browsers: list[BrowserFarEnd], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "CONSENT_SECONDS", 0.02)
    monkeypatch.setattr(aioice.stun, "RETRY_RTO", 0.02)
    house, _ = timed
    await house.add_browser("caller", browsers[0])
    browsers[0].vanish()
    assert (await house.until_state("caller", LEG_STATE_ENDED)).reason == "CONSENT_LOST"


def test_consent_notices_a_lost_peer_within_8_s() -> None:
    slowest = ice.CONSENT_FAILURES * (1.2 * ice.CONSENT_SECONDS + aioice.stun.RETRY_RTO)
    assert slowest <= 8


async def test_a_browser_with_another_certificate_than_it_offered_fails(
    house: NodeHouse, browsers: list[BrowserFarEnd]
) -> None:
    offer = re.sub(r"(a=fingerprint:\S+ )..:", r"\g<1>00:", await browsers[0].offer())
    add = AddLeg(leg_id="caller", role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp=offer))
    result = await house.apply(Command(add_leg=add))
    await browsers[0].accept(result.sdp_answer)
    assert (await house.until_state("caller", LEG_STATE_FAILED)).reason == "DTLS_FAILED"


async def test_a_browser_that_never_comes_fails_after_15_s(
    timed: tuple[NodeHouse, VirtualClock], browsers: list[BrowserFarEnd]
) -> None:
    house, clock = timed
    add = AddLeg(leg_id="caller", role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp=await browsers[0].offer()))
    await house.apply(Command(add_leg=add))
    clock.advance(15 * SECOND)
    assert (await house.until_state("caller", LEG_STATE_FAILED)).reason == "ICE_FAILED"


async def test_a_copilots_microphone_is_refused_in_the_answer_and_dropped_on_the_wire(
    house: NodeHouse, browsers: list[BrowserFarEnd]
) -> None:
    copilot, agent, caller = browsers
    await house.add_browser("copilot", copilot, role=LEG_ROLE_COPILOT)
    await house.add_browser("agent", agent)
    await house.add_browser("caller", caller)
    assert [t.currentDirection for t in copilot.peer.getTransceivers()] == ["recvonly", "recvonly"]
    await house.route(agent=["caller"], copilot=["caller"])
    await copilot.speak(packets(5))
    await caller.speak(packets(5))
    assert len(await copilot.heard(5)) == 5
    assert len(await agent.heard(5)) == 5
    assert house.node.room(CALL).counters("copilot").reception.received == 0


async def test_a_rejoining_browser_takes_its_old_legs_place(house: NodeHouse, browsers: list[BrowserFarEnd]) -> None:
    caller, agent, again = browsers
    await house.add_browser("caller", caller)
    await house.add_browser("agent", agent)
    await house.route(agent=["caller"], caller=["agent"])
    await house.add_browser("caller-2", again, replaces="caller")
    await agent.speak(packets(5))
    assert len(await again.heard(5)) == 5
    assert (await house.until_state("caller", LEG_STATE_ENDED)).reason == "REPLACED"


async def test_a_closed_room_says_goodbye(house: NodeHouse, browsers: list[BrowserFarEnd]) -> None:
    await house.add_browser("caller", browsers[0])
    await house.apply(Command(close_room=CloseRoom(reason="DONE")))
    goodbye = (await browsers[0].reported(1))[-1]
    assert any(isinstance(packet, RtcpByePacket) for packet in RtcpPacket.parse(goodbye))
    assert (await house.until_state("caller", LEG_STATE_ENDED)).reason == "DONE"


async def test_a_call_leaves_no_threads_behind(house: NodeHouse, browsers: list[BrowserFarEnd]) -> None:
    before = threading.active_count()
    legs = [f"leg-{n}" for n in range(3)]
    for leg, browser in zip(legs, browsers, strict=True):
        await house.add_browser(leg, browser)
    # aiortc's peers run one decoder thread per receiver (two each here); the node's legs run none.
    assert threading.active_count() - before <= 2 * len(legs)
