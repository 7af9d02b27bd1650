"""What a voice agent hears of RTP that comes late, twice, out of order, or not at all."""

import numpy as np

from cordboard.media_node.clock import VirtualClock
from cordboard.media_node.hearing import Hearing
from cordboard.media_node.opus import SPEECH_FRAME, SpeechEncoder, level_dbov
from cordboard.media_node.rtp import RtpPacket

MS = 1_000
FRAME = 20 * MS
_ENCODED: list[bytes] = []


def voice(count: int, *, first: int = 0, ssrc: int = 1) -> list[RtpPacket]:
    """Packets of a steady tone."""
    if not _ENCODED:
        encoder = SpeechEncoder()
        axis = np.arange(SPEECH_FRAME * 200) / 24_000
        tone = (np.sin(2 * np.pi * 300 * axis) * 9_000).astype(np.int16)
        _ENCODED.extend(encoder.encode(tone[n * SPEECH_FRAME : (n + 1) * SPEECH_FRAME]) for n in range(200))
    return [RtpPacket(111, False, n, n * 960, ssrc, _ENCODED[n]) for n in range(first, first + count)]


class Ear:
    """A hearing on a virtual clock that keeps what it gives: when, with which label, how loud."""

    def __init__(self) -> None:
        self.clock = VirtualClock(1_000_000)
        self.frames: list[tuple[int, int, float]] = []
        self.sizes: set[int] = set()
        self.hearing = Hearing(self.clock, 1_000_000, self._heard)
        self.hearing.start()

    def take(self, packet: RtpPacket, name: str = "caller") -> None:
        self.hearing.push(name, packet, self.clock.now_us())

    def stream(self, packets: list[RtpPacket], name: str = "caller") -> None:
        for packet in packets:
            self.take(packet, name)
            self.run(20)

    def run(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds * MS)

    @property
    def loud(self) -> list[bool]:
        return [level > -40 for _, _, level in self.frames]

    def _heard(self, media_us: int, pcm: bytes) -> None:
        self.sizes.add(len(pcm))
        self.frames.append((self.clock.now_us(), media_us, level_dbov(np.frombuffer(pcm, "<i2"))))


def labels(ear: Ear) -> list[int]:
    return [label for _, label, _ in ear.frames]


def test_every_20_ms_of_the_call_are_given_once_from_the_start() -> None:
    ear = Ear()
    ear.run(205)
    ear.stream(voice(20))
    ear.run(300)
    assert labels(ear) == [n * FRAME for n in range(len(ear.frames))]
    assert ear.sizes == {640}


def test_nothing_heard_is_silence() -> None:
    ear = Ear()
    ear.run(1_000)
    assert len(ear.frames) == 50
    assert not any(ear.loud)


def test_a_packet_in_order_is_given_the_moment_it_comes() -> None:
    ear = Ear()
    ear.run(207)
    for packet in voice(10):
        given = len(ear.frames)
        ear.take(packet)
        assert len(ear.frames) == given + 1
        assert ear.frames[-1][0] == ear.clock.now_us()
        ear.run(20)


def test_a_lost_packet_becomes_20_ms_of_silence_in_its_place() -> None:
    ear = Ear()
    ear.run(100)
    said = voice(10)
    for n, packet in enumerate(said):
        if n != 5:
            ear.take(packet)
        ear.run(20)
    ear.run(100)
    assert ear.loud[5:15] == [True] * 5 + [False] + [True] * 4


def test_two_packets_out_of_order_are_given_in_order() -> None:
    ear = Ear()
    ear.run(107)
    said = voice(10)
    ear.stream(said[:4])
    ear.run(15)
    ear.take(said[5])
    ear.take(said[4])
    ear.run(5)
    ear.stream(said[6:])
    assert ear.loud[5:15] == [True] * 10
    assert labels(ear) == [n * FRAME for n in range(len(ear.frames))]


def test_jitter_within_the_wait_costs_no_sound() -> None:
    ear = Ear()
    ear.run(100)
    said = voice(60)
    at = 0
    for n, packet in enumerate(said):
        due = n * 20 + (15 if n % 3 == 1 else 0)
        ear.run(due - at)
        at = due
        ear.take(packet)
    ear.run(60)
    assert ear.loud[5:65] == [True] * 60


def test_a_gap_of_dtx_is_timed_silence() -> None:
    ear = Ear()
    ear.run(100)
    said = voice(30)
    ear.stream(said[:10])
    ear.run(200)
    ear.stream([packet._replace(sequence=packet.sequence - 10) for packet in said[20:]])
    ear.run(100)
    first = ear.loud.index(True)
    assert ear.loud[first : first + 30] == [True] * 10 + [False] * 10 + [True] * 10


def test_a_path_that_got_longer_is_followed() -> None:
    ear = Ear()
    ear.run(100)
    said = voice(100)
    ear.stream(said[:20])
    ear.run(400)
    ear.stream(said[20:])
    assert ear.loud[-40:] == [True] * 40


def test_a_source_that_begins_anew_is_followed() -> None:
    ear = Ear()
    ear.run(100)
    ear.stream(voice(10))
    ear.stream(voice(10, first=100, ssrc=2))
    ear.run(40)
    first = ear.loud.index(True)
    assert sum(ear.loud[first : first + 20]) >= 19


def test_two_sources_are_mixed() -> None:
    alone, both = Ear(), Ear()
    alone.run(100)
    both.run(100)
    for packet in voice(20):
        alone.take(packet)
        both.take(packet)
        both.take(packet._replace(ssrc=3), "agent")
        alone.run(20)
        both.run(20)
    gain = both.frames[15][2] - alone.frames[15][2]
    assert 5 < gain < 7


def test_a_silent_second_source_holds_nobody_up() -> None:
    ear = Ear()
    ear.run(100)
    ear.take(voice(1, ssrc=3)[0], "agent")
    ear.run(200)
    before = len(ear.frames)
    for n, packet in enumerate(voice(10)):
        ear.take(packet)
        assert len(ear.frames) >= before + n
        ear.run(20)


def test_damaged_payloads_are_silence() -> None:
    ear = Ear()
    ear.run(100)
    ear.stream([packet._replace(payload=b"\x48\xff\xff") for packet in voice(5)])
    ear.stream([packet._replace(payload=b"") for packet in voice(5, first=5)])
    ear.run(100)
    assert not any(ear.loud)
    assert labels(ear) == [n * FRAME for n in range(len(ear.frames))]


def test_after_a_stop_it_goes_on_from_now() -> None:
    ear = Ear()
    ear.run(100)
    ear.hearing.stop()
    ear.run(3_000)
    before = len(ear.frames)
    ear.hearing.start()
    ear.run(40)
    assert len(ear.frames) == before + 2
    assert labels(ear)[-2:] == [3_100 * MS, 3_120 * MS]
