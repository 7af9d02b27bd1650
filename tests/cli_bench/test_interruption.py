import numpy as np
import pytest
from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import BargedIn, PlayoutEnded
from cordboard.cli.bench.voice.barge_in_bench import barge_in_of
from cordboard.cli.bench.voice.interruption import Interrupted
from cordboard.cli.demo.line_out import Spoken
from cordboard.cli.demo.sound_in import SoundIn
from cordboard.cli.demo.timing import last_audible
from cordboard.ledger.v1.envelope_pb2 import Envelope

ONSET = 1_000.0
DONE = Interrupted("call-1", ONSET, ONSET + 0.21)


def heard(*spans: tuple[float, float]) -> SoundIn:
    """A caller's ear that got sound in these spans of time, in frames of 20 ms."""
    sound_in, loud = SoundIn(), np.full(960, 0.5, dtype=np.float32)
    for start, end in spans:
        for number in range(round((end - start) / 0.02)):
            at = start + number * 0.02
            sound_in.add(at, round(at * 48_000), loud, bytes(1_920))
    return sound_in


def envelope(event: Message, at: float) -> Envelope:
    made = Envelope()
    made.event.event.Pack(event)
    made.event.occurred_at.FromMicroseconds(round(at * 1e6))
    return made


def ended(play_id: str, at: float, *, flushed: bool) -> Envelope:
    return envelope(PlayoutEnded(play_id=play_id, flushed=flushed), at)


def barged(play_id: str, milliseconds: int) -> Envelope:
    event = BargedIn(play_id=play_id)
    event.onset_to_silence.FromMilliseconds(milliseconds)
    return envelope(event, ONSET + 0.3)


def test_the_last_frame_before_the_pause_counts_and_not_the_answer_after_it() -> None:
    sound_in = heard((10.0, 11.2), (13.0, 14.0))
    assert last_audible(sound_in, 10.0, Spoken(started=11.0, ended=12.5)) == pytest.approx(11.18)


def test_pauses_before_the_onset_do_not_matter() -> None:
    sound_in = heard((10.0, 10.3), (10.8, 11.3))
    assert last_audible(sound_in, 10.0, Spoken(started=11.0, ended=12.5)) == pytest.approx(11.28)


def test_speech_that_had_ended_by_itself_was_not_interrupted() -> None:
    assert last_audible(heard((10.0, 10.5)), 10.0, Spoken(started=11.0, ended=12.5)) is None


def test_silence_is_when_the_node_says_that_speech_was_cut_off() -> None:
    log = [ended("p0", ONSET - 1, flushed=False), ended("p1", ONSET + 0.2, flushed=True), barged("p1", 130)]
    barge_in = barge_in_of(log, DONE)
    assert barge_in.silence_ms == pytest.approx(200)
    assert barge_in.at_caller_ms == pytest.approx(210)
    assert list(barge_in.stages_ms.values()) == pytest.approx([70, 130])


def test_speech_that_went_on_to_its_end_was_not_stopped() -> None:
    assert barge_in_of([ended("p1", ONSET + 2, flushed=False)], DONE).silence_ms is None
    assert barge_in_of([], DONE).silence_ms is None


def test_without_the_agents_own_measure_there_is_one_stage() -> None:
    barge_in = barge_in_of([ended("p1", ONSET + 0.2, flushed=True), barged("p0", 50)], DONE)
    assert list(barge_in.stages_ms.values()) == pytest.approx([200])
