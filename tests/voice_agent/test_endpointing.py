"""When a turn ends: by silence, by the text's completeness, and never too early if it can be helped."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.voice_agent.dialogue.expectation import Answer, Expectation
from cordboard.voice_agent.endpointing import (
    Endpointer,
    EndpointRules,
    Event,
    GuessDropped,
    GuessWanted,
    NoiseEnded,
    SpeechBegan,
    TurnEnded,
)
from cordboard.voice_agent.engines.voice_activity import FRAME_US
from cordboard.voice_agent.turn_text import Completeness, completeness

RULES = EndpointRules()


class Ear:
    """Feeds frames to an endpointer and answers its guesses with a text."""

    def __init__(self, text: str = "", expects: Expectation | None = None, answer_after: int = 0) -> None:
        self.endpointer = Endpointer(expects=expects or Expectation())
        self.text = text
        self.events: list[Event] = []
        self.now_us = 0
        self.answered: set[int] = set()
        self._answer_after = answer_after
        self._waiting: list[tuple[int, int]] = []

    def hear(self, *probabilities: float) -> None:
        for probability in probabilities:
            self.take(self.endpointer.hear(probability, self.now_us))
            self.now_us += FRAME_US
            for guess, frames in list(self._waiting):
                self._waiting.remove((guess, frames))
                if frames > 1:
                    self._waiting.append((guess, frames - 1))
                else:
                    self.take(self.endpointer.understand(guess, self.text, 0.9))

    def speech(self, ms: int) -> None:
        self.hear(*[0.95] * (ms * 1000 // FRAME_US))

    def silence(self, ms: int) -> None:
        self.hear(*[0.02] * (ms * 1000 // FRAME_US))

    def turns(self) -> list[TurnEnded]:
        return [event for event in self.events if isinstance(event, TurnEnded)]

    def take(self, events: list[Event]) -> None:
        self.events.extend(events)
        for event in events:
            if isinstance(event, GuessWanted):
                if self._answer_after:
                    self._waiting.append((event.guess, self._answer_after))
                else:
                    self.take(self.endpointer.understand(event.guess, self.text, 0.9))


def wait_of(text: str, expects: Expectation | None = None) -> int:
    ear = Ear(text, expects)
    ear.speech(640)
    ear.silence(3_000)
    (turn,) = ear.turns()
    return turn.decided_us - turn.ended_us


def test_speech_begins_with_its_first_loud_frame() -> None:
    ear = Ear()
    ear.hear(0.1, 0.2, 0.9, 0.9)

    assert ear.events == [SpeechBegan(2 * FRAME_US)]


def test_a_single_loud_frame_is_no_speech() -> None:
    ear = Ear()
    ear.hear(*[0.9, 0.1] * 20)

    assert ear.events == []


def test_the_recogniser_is_asked_after_200_ms_of_silence() -> None:
    ear = Ear("Yes.", answer_after=10_000)
    ear.speech(640)
    ear.silence(256)

    (guess,) = [event for event in ear.events if isinstance(event, GuessWanted)]
    assert guess.started_us == 0
    assert 640_000 + RULES.guess_us <= guess.ended_us < 640_000 + RULES.guess_us + FRAME_US


def test_speech_that_resumes_drops_the_guess_and_the_turn_goes_on() -> None:
    ear = Ear("I have a")
    ear.speech(640)
    ear.silence(320)
    ear.speech(320)
    ear.silence(256)

    first, second = [event for event in ear.events if isinstance(event, GuessWanted)]
    assert GuessDropped(first.guess) in ear.events
    assert second.started_us == first.started_us == 0
    assert not ear.turns()


def test_a_click_in_the_pause_does_not_drop_the_guess() -> None:
    ear = Ear("I have a knee.", answer_after=3)
    ear.speech(640)
    ear.silence(256)
    ear.hear(0.9)
    ear.silence(640)

    assert not [event for event in ear.events if isinstance(event, GuessDropped)]
    assert [turn.text for turn in ear.turns()] == ["I have a knee."]


def test_an_answer_to_a_dropped_guess_changes_nothing() -> None:
    endpointer = Endpointer()
    assert endpointer.understand(7, "Yes.", 0.9) == []


def test_a_turn_without_words_is_noise() -> None:
    ear = Ear("")
    ear.speech(320)
    ear.silence(1_000)

    assert isinstance(ear.events[-1], NoiseEnded)
    assert ear.endpointer.is_quiet


def test_the_turn_waits_for_a_late_text_and_says_what_of_it_was_waiting() -> None:
    ear = Ear("Yes, please.", Expectation(Answer.YES_NO), answer_after=20)
    ear.speech(640)
    ear.silence(2_000)

    (turn,) = ear.turns()
    assert turn.wait_us == RULES.decisive_us
    assert turn.decided_us - turn.ended_us > RULES.decisive_us + 400_000


def test_an_endless_turn_is_cut() -> None:
    ear = Ear("on and on and")
    ear.speech(30_000)

    assert ear.turns()[0].decided_us <= RULES.longest_turn_us + FRAME_US


def test_a_reopened_turn_begins_where_it_first_began() -> None:
    ear = Ear("My knee.")
    ear.speech(640)
    ear.silence(1_000)
    (turn,) = ear.turns()
    ear.speech(128)
    ear.endpointer.reopen(turn.started_us)
    ear.text = "My knee hurts a lot."
    ear.speech(320)
    ear.silence(1_000)

    assert [again.started_us for again in ear.turns()] == [0, 0]


def test_what_sounds_like_echo_does_not_count_while_the_agent_speaks() -> None:
    ear = Ear()
    ear.endpointer.agent_speaks = True
    ear.hear(0.55, 0.55, 0.55, 0.55)
    assert ear.events == []
    ear.hear(0.9, 0.9)
    assert ear.events == [SpeechBegan(4 * FRAME_US)]


def test_a_reset_forgets_the_turn_and_drops_its_guess() -> None:
    ear = Ear("Yes.", answer_after=10_000)
    ear.speech(640)
    ear.silence(256)
    assert len(ear.endpointer.reset()) == 1
    assert ear.endpointer.is_quiet
    assert ear.endpointer.reset() == []


@pytest.mark.parametrize(
    ("text", "expects", "level"),
    [
        ("Yes.", Answer.YES_NO, Completeness.COMPLETE),
        ("Yes,, actually.", Answer.YES_NO, Completeness.INCOMPLETE),
        ("No, thank you.", Answer.YES_NO, Completeness.DECISIVE),
        ("No,", Answer.YES_NO, Completeness.OPEN),
        ("No, that is all, thank you.", Answer.YES_NO, Completeness.COMPLETE),
        ("Yes, my name is", Answer.YES_NO, Completeness.INCOMPLETE),
        ("Goodbye.", Answer.ANYTHING, Completeness.DECISIVE),
        ("My knee hurts.", Answer.REASON, Completeness.LIKELY),
        ("Well, you see,", Answer.REASON, Completeness.INCOMPLETE),
        ("I have a pain in my", Answer.REASON, Completeness.INCOMPLETE),
        ("My knee.", Answer.REASON, Completeness.OPEN),
        ("Maria.", Answer.NAME, Completeness.OPEN),
        ("Maria Lopez.", Answer.NAME, Completeness.COMPLETE),
        ("M A R", Answer.NAME, Completeness.OPEN),
        ("My number is", Answer.NUMBER, Completeness.INCOMPLETE),
        ("My number is five five five", Answer.NUMBER, Completeness.INCOMPLETE),
        ("555-0123.", Answer.NUMBER, Completeness.COMPLETE),
        ("555-0123-4.", Answer.NUMBER, Completeness.INCOMPLETE),
        ("415-555-0123", Answer.NUMBER, Completeness.DECISIVE),
        ("My name is Ann and my number is five five", Answer.NAME, Completeness.INCOMPLETE),
        ("Tuesday at ten.", Answer.CHOICE, Completeness.COMPLETE),
        ("The first one and", Answer.CHOICE, Completeness.INCOMPLETE),
        ("I'd like to", Answer.ANYTHING, Completeness.INCOMPLETE),
        ("It is.", Answer.YES_NO, Completeness.DECISIVE),
        ("Yes, I do.", Answer.URGENCY, Completeness.DECISIVE),
    ],
)
def test_completeness_follows_what_was_asked(text: str, expects: Answer, level: Completeness) -> None:
    assert completeness(text, Expectation(expects)) is level


def test_the_less_complete_a_text_is_the_longer_its_turn_waits() -> None:
    number = Expectation(Answer.NUMBER)
    waits = [
        wait_of("415-555-0123", number),
        wait_of("555-0123.", number),
        wait_of("five five five", number),
    ]
    assert waits == sorted(waits)
    assert waits[0] < RULES.decisive_us + FRAME_US
    assert waits[2] >= RULES.incomplete_us


def test_digits_of_turns_before_count_as_said() -> None:
    held = Expectation(Answer.NUMBER, digits_held=6)
    assert completeness("0123", held) is Completeness.DECISIVE
    assert completeness("0123", Expectation(Answer.NUMBER)) is Completeness.INCOMPLETE


@given(st.lists(st.floats(0, 1), max_size=300), st.sampled_from(["", "Yes.", "My number is", "My knee hurts."]))
def test_turns_never_overlap_and_time_never_runs_backwards(frames: list[float], text: str) -> None:
    ear = Ear(text)
    ear.hear(*frames, *[0.0] * 100)

    for turn in ear.turns():
        assert turn.started_us < turn.ended_us <= turn.decided_us
        assert turn.text
    for before, after in pairwise(ear.turns()):
        assert before.decided_us <= after.started_us + FRAME_US
    assert ear.endpointer.is_quiet


def hear_levels(ear: Ear, frames: list[tuple[float, bool]]) -> None:
    """Feed frames of a quiet line: how sure the detector is, and whether there is any sound."""
    audible_until_us = 0
    for probability, audible in frames:
        audible_until_us = ear.now_us + FRAME_US if audible else audible_until_us
        ear.take(ear.endpointer.hear(probability, ear.now_us, audible_until_us))
        ear.now_us += FRAME_US
        for event in ear.events:
            if isinstance(event, GuessWanted) and event.guess not in ear.answered:
                ear.answered.add(event.guess)
                ear.take(ear.endpointer.understand(event.guess, ear.text, 0.9))


def test_a_turn_ended_when_the_line_fell_silent_though_the_detector_went_on() -> None:
    ear = Ear("I have a sore knee.", Expectation(Answer.YES_NO))
    speech, tail, silence = [(0.9, True)] * 20, [(0.8, False)] * 3, [(0.0, False)] * 30
    hear_levels(ear, speech + tail + silence)
    (turn,) = ear.turns()
    assert turn.ended_us == 20 * FRAME_US
    assert turn.decided_us - turn.ended_us <= RULES.complete_us + FRAME_US


def test_on_a_noisy_line_the_detector_decides() -> None:
    ear = Ear("I have a sore knee.", Expectation(Answer.YES_NO))
    hear_levels(ear, [(0.9, True)] * 23 + [(0.0, True)] * 30)
    (turn,) = ear.turns()
    assert turn.ended_us == 23 * FRAME_US


def test_a_sound_on_a_silent_line_is_waited_for_until_it_is_known_to_be_speech() -> None:
    ear = Ear("Yes.", Expectation(Answer.YES_NO))
    soft_onset = [(0.1, True)] * 3
    hear_levels(ear, [(0.9, True)] * 15 + [(0.0, False)] * 10 + soft_onset + [(0.9, True)] * 20)
    assert not ear.turns()


def test_a_sound_that_is_no_speech_does_not_hold_up_the_turn_for_long() -> None:
    ear = Ear("Yes.", Expectation(Answer.YES_NO))
    hear_levels(ear, [(0.9, True)] * 15 + [(0.0, False)] * 11 + [(0.1, True)] * 30)
    (turn,) = ear.turns()
    assert turn.decided_us - turn.ended_us <= RULES.complete_us + 5 * FRAME_US
