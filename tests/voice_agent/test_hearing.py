"""From 20 ms frames to events: borders, gaps, gates and the audio for the recogniser."""

from voice_agent_call import SILENCE, VOICE

from cordboard.media.v1.media_node_service_pb2 import HeardAudio
from cordboard.voice_agent.endpointing import Endpointer, Event, GuessDropped, GuessWanted, SpeechBegan
from cordboard.voice_agent.engines.voice_activity import EnergyDetector
from cordboard.voice_agent.hearing import LEAD_US, Hearing, bytes_of


class Leg:
    def __init__(self) -> None:
        self.hearing = Hearing(EnergyDetector(), Endpointer())
        self.media_us = 5_000_000
        self.events: list[Event] = []

    def hear(self, frame: bytes, count: int, *, gated: bool = False) -> None:
        for _ in range(count):
            heard = HeardAudio(media_us=self.media_us, pcm=frame, gated=gated)
            self.events.extend(self.hearing.push(heard))
            self.media_us += 20_000

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_the_onset_is_known_to_a_frame() -> None:
    leg = Leg()
    leg.hear(SILENCE, 50)
    leg.hear(VOICE, 20)

    (began,) = leg.events
    assert isinstance(began, SpeechBegan)
    assert 0 <= 6_000_000 - began.onset_us <= 32_000


def test_the_recogniser_gets_the_speech_with_a_little_before_it() -> None:
    leg = Leg()
    leg.hear(SILENCE, 50)
    leg.hear(VOICE, 50)
    leg.hear(SILENCE, 15)

    (guess,) = leg.of(GuessWanted)
    assert isinstance(guess, GuessWanted)
    pcm = leg.hearing.audio(guess.started_us, guess.ended_us)
    assert len(pcm) == bytes_of(guess.ended_us - guess.started_us + LEAD_US)
    assert pcm.count(VOICE[:2]) == 8_000
    assert pcm[:2] == b"\0\0"


def test_a_long_call_keeps_only_what_may_still_be_needed() -> None:
    leg = Leg()
    leg.hear(SILENCE, 3_000)
    leg.hear(VOICE, 50)
    leg.hear(SILENCE, 15)

    (guess,) = leg.of(GuessWanted)
    assert isinstance(guess, GuessWanted)
    assert leg.hearing.audio(guess.started_us, guess.ended_us).count(VOICE[:2]) == 8_000
    assert leg.hearing.audio(0, 10_000_000) == b""


def test_a_gate_forgets_the_turn_and_keeps_nothing() -> None:
    leg = Leg()
    leg.hear(VOICE, 50)
    leg.hear(SILENCE, 15)
    leg.hear(VOICE, 50, gated=True)
    leg.hear(SILENCE, 100)

    assert len(leg.of(GuessDropped)) == 1
    assert len(leg.of(SpeechBegan)) == 1
    assert leg.hearing.endpointer.is_quiet


def test_a_gap_in_media_time_ends_the_turn() -> None:
    leg = Leg()
    leg.hear(VOICE, 50)
    leg.media_us += 2_000_000
    leg.hear(SILENCE, 100)

    assert leg.hearing.endpointer.is_quiet
    assert leg.of(GuessWanted) == []
