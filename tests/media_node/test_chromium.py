"""A real browser on the node: three listening slots under raw forwarding, and a candidate-less offer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from media_far_ends import BrowserFarEnd
from media_house import CALL, NodeHouse
from playwright.async_api import Page, async_playwright

from cordboard.call.v1.facts_pb2 import DtmfReceived
from cordboard.media.v1.command_pb2 import AddLeg, Command, SendDtmf, WebrtcOffer
from cordboard.media.v1.leg_pb2 import LEG_ROLE_SUPERVISOR, LEG_STATE_CONNECTED, LEG_STATE_ENDED
from cordboard.media_node.opus import SPEECH_FRAME, SpeechEncoder
from cordboard.media_node.rtp import RtpPacket
from cordboard.media_node.webrtc.addresses import host_addresses

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-dev-shm-usage",
]

OFFER = """async () => {
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, {frequency: 500});
  const out = audio.createMediaStreamDestination();
  tone.connect(out); tone.start();
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  peer.addTransceiver(out.stream.getAudioTracks()[0], {direction: 'sendrecv'});
  for (let n = 0; n < 3; n++) peer.addTransceiver('audio', {direction: 'recvonly'});
  peer.ontrack = event => { const player = new Audio(); player.srcObject = event.streams[0]; player.play(); };
  const offer = await peer.createOffer();
  await peer.setLocalDescription(offer);
  return offer.sdp;
}"""
ACCEPT = "async sdp => { await window.peer.setRemoteDescription({type: 'answer', sdp}); }"
LEVELS = """async () => {
  const report = await window.peer.getStats();
  return [...report.values()].filter(entry => entry.type === 'inbound-rtp')
    .map(entry => ({mid: entry.mid, ssrc: entry.ssrc, received: entry.packetsReceived, lost: entry.packetsLost,
                    level: entry.audioLevel || 0, energy: entry.totalAudioEnergy || 0}));
}"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=False, args=ARGUMENTS)
        yield await browser.new_page()
        await browser.close()


@pytest.fixture
async def house() -> AsyncIterator[NodeHouse]:
    house = NodeHouse(addresses=host_addresses())
    await house.open_room()
    yield house
    await house.close()


async def join(house: NodeHouse, page: Page) -> None:
    offer: str = await page.evaluate(OFFER)
    assert "a=candidate" not in offer
    add = AddLeg(leg_id="boss", role=LEG_ROLE_SUPERVISOR, webrtc_offer=WebrtcOffer(sdp=offer))
    answer = (await house.apply(Command(add_leg=add))).sdp_answer
    await page.evaluate(ACCEPT, answer)
    await house.until_state("boss", LEG_STATE_CONNECTED)


async def hum(speaker: BrowserFarEnd, ssrc: int) -> None:
    """Send a steady tone for as long as the task lives."""
    encoder = SpeechEncoder()
    axis = np.arange(SPEECH_FRAME) / 24_000
    tone = (np.sin(2 * np.pi * 300 * axis) * 9_000).astype(np.int16)
    for n in range(10_000):
        await speaker.speak([RtpPacket(96, False, n, n * 960, ssrc, encoder.encode(tone))])
        await asyncio.sleep(0.02)


async def levels(page: Page, audible: int) -> list[dict[str, Any]]:
    """Look at what the browser hears until so many streams are audible."""
    async with asyncio.timeout(30):
        while True:
            streams: list[dict[str, Any]] = await page.evaluate(LEVELS)
            heard = [stream for stream in streams if stream["level"] > 0.05]
            if len(heard) >= audible:
                return heard
            await asyncio.sleep(0.1)


async def test_a_browser_hears_three_sources_at_once_and_a_change_of_source_without_renegotiation(
    house: NodeHouse, page: Page
) -> None:
    await join(house, page)
    speakers = [BrowserFarEnd(listening=0) for _ in range(4)]
    for n, speaker in enumerate(speakers):
        await house.add_browser(f"leg-{n}", speaker)
    humming = [asyncio.create_task(hum(speaker, 50 + n)) for n, speaker in enumerate(speakers)]
    await house.route(boss=["leg-0", "leg-1", "leg-2"])
    first = await levels(page, 3)
    assert len({stream["ssrc"] for stream in first}) == 3
    await house.route(boss=["leg-3"])
    changed = await levels(page, 1)
    assert {stream["ssrc"] for stream in changed} <= {stream["ssrc"] for stream in first}
    assert all(stream["lost"] == 0 for stream in changed)
    for task in humming:
        task.cancel()
    await asyncio.gather(*humming, return_exceptions=True)
    for speaker in speakers:
        await speaker.close()


async def test_what_a_browser_says_reaches_a_listener(house: NodeHouse, page: Page) -> None:
    await join(house, page)
    listener = BrowserFarEnd()
    await house.add_browser("listener", listener)
    await house.route(listener=["boss"])
    heard = await listener.heard(50)
    assert [packet.sequence for packet in heard] == [(heard[0].sequence + n) & 0xFFFF for n in range(len(heard))]
    assert {packet.payload_type for packet in heard} == {96}
    await listener.close()


async def test_a_browser_that_closes_its_connection_is_noticed(house: NodeHouse, page: Page) -> None:
    await join(house, page)
    await page.evaluate("window.peer.close()")
    assert (await house.until_state("boss", LEG_STATE_ENDED)).reason in ("CLIENT_CLOSED", "SILENT")


PRESS = """async digits => {
  const sender = window.peer.getSenders()[0];
  sender.dtmf.insertDTMF(digits, 100, 70);
  await new Promise(done => { sender.dtmf.ontonechange = event => { if (!event.tone) done(); }; });
}"""


async def test_keys_that_are_pressed_in_a_browser_are_facts_once_each(house: NodeHouse, page: Page) -> None:
    await join(house, page)
    await page.evaluate(PRESS, "159#")
    pressed: list[str] = []
    async with asyncio.timeout(10):
        while len(pressed) < 4:
            pressed = [fact.event.digit for fact in house.facts.facts if isinstance(fact.event, DtmfReceived)]
            await asyncio.sleep(0.02)
    assert pressed == list("159#")
    assert house.node.room(CALL).counters("boss").reception.lost == 0


async def test_a_browser_hears_the_keys_that_are_sent_to_it(house: NodeHouse, page: Page) -> None:
    await join(house, page)
    await house.apply(Command(send_dtmf=SendDtmf(leg_id="boss", digits="123456789*0#" * 5)))
    # A tone is over soon; what was heard of all of them adds up.
    async with asyncio.timeout(30):
        while not any(stream["energy"] > 0.001 for stream in await page.evaluate(LEVELS)):
            await asyncio.sleep(0.1)
