import asyncio
import time

import numpy as np
import pytest

from cordboard.cli.bench.calls.listener import Listener
from cordboard.cli.bench.calls.speech_line import SpeechLine, silent_frame
from cordboard.cli.bench.forward.stamped_speech import stamped, voiced_frames
from cordboard.cli.demo.sound import OPUS_RATE
from cordboard.media_node.rtp import RtpPacket, build_rtp


def packet(number: int, payload: bytes) -> bytes:
    return build_rtp(RtpPacket(96, False, number, number * 960, 1, payload))


def voiced(listener: Listener, at: float, number: int = 0) -> None:
    """Let a few loud frames come at once: a decoder that begins is quiet for a moment."""
    for place, frame in enumerate(voiced_frames()[:5]):
        listener.take(round(at * 1e9), packet(number + place, frame))


async def test_speech_is_told_from_silence() -> None:
    listener, now = Listener(), time.perf_counter()
    listener.take(round(now * 1e9), packet(0, silent_frame()))
    assert await listener.audible_after(now - 1, 0.0) is None
    voiced(listener, now + 1)
    assert await listener.audible_after(now, 5.0) == pytest.approx(now + 1)
    assert listener.first_audible(now + 1.5, now + 9) is None
    assert listener.last_audible_between(now, now + 2) == pytest.approx(now + 1)


async def test_who_waits_for_speech_hears_when_it_comes() -> None:
    listener, now = Listener(), time.perf_counter()
    waiting = asyncio.create_task(listener.audible_after(now, 10.0))
    await asyncio.sleep(0)
    voiced(listener, time.perf_counter())
    assert await waiting is not None


async def test_a_line_is_quiet_when_nothing_was_heard_for_so_long() -> None:
    listener = Listener()
    await listener.quiet_for(10.0)
    voiced(listener, time.perf_counter() - 11)
    await listener.quiet_for(10.0)


async def test_stamped_packets_tell_how_long_they_took() -> None:
    listener, sent = Listener(), time.perf_counter_ns()
    listener.take(sent + 2_000_000, packet(0, stamped(voiced_frames()[0], sent)))
    await listener.stamped_heard()
    assert [delay for _, delay in listener.delays] == [2.0]


def test_frames_that_come_unevenly_are_late_against_the_promptest() -> None:
    listener = Listener()
    for number, at in enumerate((1.0, 1.02, 1.07)):
        listener.take(round(at * 1e9), packet(number, silent_frame()))
    assert [late for _, late in listener.lateness_ms()] == pytest.approx([0.0, 0.0, 30.0])
    assert Listener().lateness_ms() == []


def test_a_line_knows_its_first_and_last_audible_frames() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(OPUS_RATE // 10) / OPUS_RATE)
    silence = np.zeros(OPUS_RATE // 50)
    line = SpeechLine.of(np.concatenate((silence, tone, silence, silence)).astype(np.float32))
    assert len(line.frames) == 8
    assert line.first_audible == 1
    assert line.last_audible == 5
    with pytest.raises(ValueError, match="nobody hears"):
        SpeechLine.of(np.zeros(OPUS_RATE // 10, np.float32))
