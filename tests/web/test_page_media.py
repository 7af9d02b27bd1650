"""The pages' legs at a real media node: listening slots under raw forwarding, in Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from desk_story import TALK
from media_far_ends import BrowserFarEnd
from media_house import NodeHouse
from page_house import PageHouse
from playwright.async_api import Page, expect

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_RESERVED
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.media_node.opus import SPEECH_FRAME, SpeechEncoder
from cordboard.media_node.rtp import RtpPacket

RATE = 24_000
TICKS = 960  # RTP clock of Opus, 20 ms

# Lets a test look at the connections that a page makes by itself.
WATCH = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.peers.push(this); }
};
"""
HEARD = """async () => {
  const peer = window.peers.at(-1);
  const audio = window.ears ??= new AudioContext();
  window.analysers ??= new Map();
  const report = await peer.getStats();
  const inbound = [...report.values()].filter(entry => entry.type === 'inbound-rtp');
  return peer.getTransceivers().map(line => {
    if (!window.analysers.has(line.mid)) {
      const analyser = new AnalyserNode(audio, {fftSize: 4096, smoothingTimeConstant: 0});
      new MediaStreamAudioSourceNode(audio, {mediaStream: new MediaStream([line.receiver.track])}).connect(analyser);
      window.analysers.set(line.mid, analyser);
    }
    const analyser = window.analysers.get(line.mid);
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let peak = 0;
    bins.forEach((level, bin) => { if (level > bins[peak]) peak = bin; });
    const stats = inbound.find(entry => entry.mid === line.mid);
    return {mid: line.mid, direction: line.currentDirection, hertz: peak * audio.sampleRate / analyser.fftSize,
            loud: bins[peak] > -50, lost: stats?.packetsLost ?? 0, received: stats?.packetsReceived ?? 0};
  });
}"""


@asynccontextmanager
async def humming(node: NodeHouse, **tones: int) -> AsyncIterator[None]:
    """Have publishers in the room, each with a tone of its own (hertz)."""
    speakers = {leg_id: BrowserFarEnd(listening=0) for leg_id in tones}
    for leg_id, speaker in speakers.items():
        await node.add_browser(leg_id, speaker)
    tasks = [asyncio.create_task(_hum(speaker, tones[leg_id])) for leg_id, speaker in speakers.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for speaker in speakers.values():
            await speaker.close()


async def _hum(speaker: BrowserFarEnd, hertz: int) -> None:
    encoder = SpeechEncoder()
    step = np.arange(SPEECH_FRAME)
    for number in range(100_000):
        phase = 2 * np.pi * hertz * (step + number * SPEECH_FRAME) / RATE
        packet = encoder.encode((np.sin(phase) * 12_000).astype(np.int16))
        await speaker.speak([RtpPacket(96, False, number & 0xFFFF, number * TICKS, hertz, packet)])
        await asyncio.sleep(0.02)


async def slots_with(page: Page, *tones: int) -> list[dict[str, Any]]:
    """Wait until each tone is heard on a line of its own, and give these lines in the order of the tones."""
    slots: list[dict[str, Any]] = []
    for _ in range(300):
        slots = await page.evaluate(HEARD)
        found = [[slot for slot in slots if slot["loud"] and abs(slot["hertz"] - tone) < 25] for tone in tones]
        if all(len(lines) == 1 for lines in found):
            return [lines[0] for lines in found]
        await page.wait_for_timeout(100)
    raise AssertionError(slots)


async def test_a_callers_page_hears_two_publishers_on_two_lines_and_a_third_without_a_new_offer(
    house: PageHouse,
) -> None:
    page = await house.browser.new_page()
    await page.add_init_script(WATCH)
    token = house.house.token(scopes=("calls:start",))
    await page.goto(f"http://{house.house.gateway.http_address}/call.html#token={token}")
    await page.get_by_role("button", name="Call now").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("On a call")
    async with humming(house.node, first=400, second=900, third=1500):
        await house.node.route(**{CALLER_LEG: ["first", "second"]})
        heard = await slots_with(page, 400, 900)
        assert len({slot["mid"] for slot in heard}) == 2
        assert all(slot["lost"] == 0 for slot in heard)
        await house.node.route(**{CALLER_LEG: ["first", "second", "third"]})
        assert len({slot["mid"] for slot in await slots_with(page, 400, 900, 1500)}) == 3
    directions = [slot["direction"] for slot in await page.evaluate(HEARD)]
    assert directions == ["sendrecv", "recvonly", "recvonly", "recvonly"]


async def test_caller_and_agent_hear_each_other_from_page_to_page(house: PageHouse) -> None:
    caller, desk = await house.browser.new_page(), await house.desk()
    await caller.add_init_script(WATCH)
    await desk.add_init_script(WATCH)
    await desk.reload()
    await desk.get_by_role("radio", name="Ready", exact=True).click()
    call_id = await house.story.waiting_call()
    # The page's own call gives the room a caller; the story's call is what the desk is shown.
    token = house.house.token(scopes=("calls:start",))
    await caller.goto(f"http://{house.house.gateway.http_address}/call.html#token={token}")
    await caller.get_by_role("button", name="Call now").click()
    await expect(caller.get_by_role("heading", level=1)).to_have_text("On a call")
    await house.story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await house.story.ring(call_id)
    await expect(desk.get_by_role("log").locator(".w")).to_have_count(len(TALK))
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_text("Headset", exact=True)).to_be_visible()
    await house.story.connect(call_id)
    await house.node.route(**{CALLER_LEG: ["leg-2"], "leg-2": [CALLER_LEG]})
    for page in (caller, desk):
        await _until_loud(page)


async def _until_loud(page: Page) -> None:
    """Wait for the beeps of the other browser's microphone."""
    for _ in range(300):
        if any(slot["loud"] for slot in await page.evaluate(HEARD)):
            return
        await page.wait_for_timeout(50)
    raise AssertionError("nothing is heard")
