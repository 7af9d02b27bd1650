"""Speech on the wire: paced, whole, and cut off exactly."""

import numpy as np
import pytest

from cordboard.core.errors import ExhaustedError
from cordboard.media_node.clock import VirtualClock
from cordboard.media_node.rtp import RtpPacket, parse_rtp, timestamp_ahead
from cordboard.media_node.speaking import PlayProgress, SpeechPlayer

MS = 1_000
PIECE = 20 * MS


def tone(milliseconds: int) -> bytes:
    time_axis = np.arange(24 * milliseconds) / 24_000
    return (np.sin(2 * np.pi * 300 * time_axis) * 9_000).astype("<i2").tobytes()


class Line:
    """A player with a virtual clock; packets are kept with the time at which they were sent."""

    def __init__(self, *, listened_to: bool = True) -> None:
        self.clock = VirtualClock(5_000_000)
        self.sent: list[tuple[int, RtpPacket]] = []
        self.progress: list[tuple[str, str, int]] = []
        self.listened_to = listened_to
        self.player = SpeechPlayer(
            self.clock, self._send, lambda: self.listened_to, self._progress, ssrc=9, first_timestamp=0xFFFF_FF00
        )
        self.player.start()
        self.clock.advance(0)

    def say(self, play_id: str, milliseconds: int) -> None:
        self.player.add(play_id, "t1", tone(milliseconds), last=True)

    def run(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds * MS)

    @property
    def speech(self) -> list[tuple[int, RtpPacket]]:
        """Packets that are longer than silence."""
        return [(at, packet) for at, packet in self.sent if len(packet.payload) > 30]

    def _send(self, data: bytes) -> None:
        packet = parse_rtp(data)
        assert packet is not None
        self.sent.append((self.clock.now_us(), packet))

    def _progress(self, progress: PlayProgress) -> None:
        self.progress.append((progress.play_id, progress.what, progress.sent_us))


def test_speech_leaves_at_once_and_then_every_20_ms() -> None:
    line = Line()
    line.run(1_003)
    began = line.clock.now_us()
    line.say("p", 200)
    line.run(300)
    assert [at - began for at, _ in line.speech[:10]] == [n * PIECE for n in range(10)]


def test_timestamps_follow_the_clock_and_sequence_numbers_have_no_gap() -> None:
    line = Line()
    line.run(1_003)
    line.say("p", 200)
    line.run(2_000)
    packets = [packet for _, packet in line.sent]
    times = [at for at, _ in line.sent]
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    for n in range(1, len(packets)):
        assert timestamp_ahead(packets[n].timestamp, packets[n - 1].timestamp) == (times[n] - times[n - 1]) * 48 // MS


def test_the_first_packet_of_speech_is_marked() -> None:
    line = Line()
    line.run(1_000)
    line.say("p", 100)
    line.run(100)
    assert line.speech[0][1].marker
    assert sum(packet.marker for _, packet in line.sent) == 1


def test_a_play_is_started_and_finished_with_its_whole_length() -> None:
    line = Line()
    line.say("p", 110)
    line.run(500)
    assert line.progress == [("p", "started", PIECE), ("p", "finished", 110 * MS)]


def test_it_is_started_only_by_what_can_be_heard() -> None:
    line = Line()
    line.player.add("p", "", bytes(24 * 2 * 100) + tone(100), last=True)
    line.run(500)
    assert line.progress[0] == ("p", "started", 120 * MS)


def test_plays_follow_one_another_in_order_of_their_first_piece() -> None:
    line = Line()
    line.say("a", 40)
    line.say("b", 40)
    line.run(300)
    assert [(play, what) for play, what, _ in line.progress] == [
        ("a", "started"), ("a", "finished"), ("b", "started"), ("b", "finished"),
    ]  # fmt: skip


def test_a_flush_takes_effect_at_the_next_packet_and_tells_exactly_what_was_sent() -> None:
    line = Line()
    line.say("p", 1_000)
    line.run(330)
    before = len(line.speech)
    line.player.flush("p")
    assert line.progress[-1] == ("p", "flushed", before * PIECE)
    line.run(19)
    at_most_tail = len(line.sent)
    line.run(500)
    assert all(len(packet.payload) <= 40 for _, packet in line.sent[at_most_tail:])


def test_a_flush_without_id_cuts_off_all_that_waits() -> None:
    line = Line()
    line.run(1_000)
    line.say("a", 500)
    line.say("b", 500)
    line.run(90)
    line.player.flush("")
    assert [entry for entry in line.progress if entry[1] == "flushed"] == [
        ("a", "flushed", 100 * MS),
        ("b", "flushed", 0),
    ]


def test_pieces_of_a_flushed_play_that_come_late_are_dropped() -> None:
    line = Line()
    line.say("p", 100)
    line.player.flush("p")
    line.say("p", 100)
    line.run(500)
    assert line.speech == []


def test_speech_waits_until_somebody_listens() -> None:
    line = Line(listened_to=False)
    line.say("p", 100)
    line.run(3_007)
    assert line.progress == []
    line.listened_to = True
    began = line.clock.now_us()
    line.player.wake()
    line.run(300)
    assert line.speech[0][0] == began
    assert line.progress[-1] == ("p", "finished", 100 * MS)


def test_speech_that_comes_slowly_goes_on_where_it_stopped() -> None:
    line = Line()
    line.player.add("p", "", tone(50), last=False)
    line.run(200)
    assert [what for _, what, _ in line.progress] == ["started"]
    line.player.add("p", "", tone(50), last=True)
    line.run(200)
    assert line.progress[-1] == ("p", "finished", 100 * MS)


def test_silence_keeps_the_stream_alive_at_a_low_rate() -> None:
    line = Line()
    line.say("p", 100)
    line.run(10_000)
    assert 20 < len(line.sent) < 45


def test_a_stall_of_the_process_does_not_end_in_a_burst() -> None:
    line = Line()
    line.say("p", 2_000)
    line.run(100)
    stalled = VirtualClock.now_us(line.clock)
    line.clock._now_us += 700 * MS
    before = len(line.sent)
    line.clock.advance(0)
    assert line.clock.now_us() == stalled + 700 * MS
    assert len(line.sent) - before == 1
    line.run(3_000)
    assert line.progress[-1] == ("p", "finished", 2_000 * MS)


def test_a_stopped_player_flushes_and_sends_nothing_more() -> None:
    line = Line()
    line.say("p", 1_000)
    line.run(100)
    line.player.stop()
    sent = len(line.sent)
    line.run(2_000)
    assert len(line.sent) == sent
    assert line.progress[-1][1] == "flushed"


def test_what_an_agent_left_unfinished_is_said_and_does_not_block_the_next_one() -> None:
    line = Line()
    line.run(1_000)
    line.player.add("left", "", tone(70), last=False)
    line.run(200)
    line.player.complete()
    line.say("next", 40)
    line.run(200)
    assert ("left", "finished", 70 * MS) in line.progress
    assert ("next", "finished", 40 * MS) in line.progress


@pytest.mark.parametrize("plays", [1, 1_000])
def test_too_much_speech_is_refused_however_it_comes(plays: int) -> None:
    line = Line(listened_to=False)
    with pytest.raises(ExhaustedError, match="SPEECH_TOO_LONG"):
        for number in range(1_000):
            line.player.add(f"p{number % plays}", "t1", tone(150), last=False)


def test_empty_plays_are_counted_too() -> None:
    line = Line(listened_to=False)
    with pytest.raises(ExhaustedError, match="SPEECH_TOO_LONG"):
        for number in range(1_000):
            line.player.add(f"p{number}", "t1", b"", last=False)
