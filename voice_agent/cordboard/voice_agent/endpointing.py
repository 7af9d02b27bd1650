"""When has the caller finished? Pure: frames with a probability of speech and texts go in, events come out.

silence        what happens
200 ms         the recogniser is asked, on the guess that the turn is over
until it ends  speech that resumes drops the guess
300-1,400 ms   the turn ends; how long depends on how complete the text is
"""

from dataclasses import dataclass, field
from enum import Enum

from cordboard.voice_agent.dialogue.expectation import Expectation
from cordboard.voice_agent.engines.voice_activity import FRAME_US
from cordboard.voice_agent.turn_text import Completeness, completeness

# A detector sees speech for no longer than this after its end, and takes as long to see it begin.
LONGEST_TAIL_US = 160_000
LONGEST_ONSET_US = 160_000


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """The figures of endpointing; times in microseconds of media time."""

    speech: float = 0.5
    silence: float = 0.35
    frames_to_start: int = 2
    # While the agent speaks, its echo must not count as the caller.
    speech_over_agent: float = 0.6
    guess_us: int = 200_000
    decisive_us: int = 280_000
    complete_us: int = 380_000
    likely_us: int = 520_000
    open_us: int = 700_000
    incomplete_us: int = 1_400_000
    longest_turn_us: int = 27_000_000
    # A caller who goes on this soon after the end of the turn was not finished.
    premature_us: int = 700_000

    def wait_us(self, level: Completeness) -> int:
        """Give the silence that ends a turn with a text of this completeness."""
        return {
            Completeness.INCOMPLETE: self.incomplete_us,
            Completeness.OPEN: self.open_us,
            Completeness.LIKELY: self.likely_us,
            Completeness.COMPLETE: self.complete_us,
            Completeness.DECISIVE: self.decisive_us,
        }[level]


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller's voice was heard; the onset is the start of its first frame."""

    onset_us: int


@dataclass(frozen=True, slots=True)
class GuessWanted:
    """The recogniser shall read the audio between the two times."""

    guess: int
    started_us: int
    ended_us: int


@dataclass(frozen=True, slots=True)
class GuessDropped:
    """Speech went on: the answer to this guess is of no use."""

    guess: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller has finished. Silence beyond `wait_us` was spent waiting for the text."""

    text: str
    confidence: float
    started_us: int
    ended_us: int
    decided_us: int
    wait_us: int


@dataclass(frozen=True, slots=True)
class NoiseEnded:
    """What began as speech had no words."""

    started_us: int
    ended_us: int


Event = SpeechBegan | GuessWanted | GuessDropped | TurnEnded | NoiseEnded


class _Phase(Enum):
    QUIET = "quiet"
    SPEECH = "speech"
    PAUSE = "pause"


@dataclass(slots=True)
class _Turn:
    started_us: int
    ended_us: int
    guess: int = 0
    text: str | None = None
    confidence: float = 0.0


@dataclass(slots=True)
class Endpointer:
    """Follows one caller through turn after turn."""

    rules: EndpointRules = field(default=EndpointRules())
    expects: Expectation = field(default=Expectation())
    agent_speaks: bool = False
    _phase: _Phase = _Phase.QUIET
    _turn: _Turn = field(default_factory=lambda: _Turn(0, 0))
    _run: int = 0
    _run_started_us: int = 0
    _guesses: int = 0
    _now_us: int = 0
    _reopened_us: int | None = None
    _audible_until_us: int | None = None
    _calm: bool = False
    _stirred_us: int | None = None

    @property
    def is_quiet(self) -> bool:
        """True while no turn of the caller is under way."""
        return self._phase is _Phase.QUIET

    def hear(self, probability: float, started_us: int, audible_until_us: int | None = None) -> list[Event]:
        """Take the next frame of 32 ms; `audible_until_us` is up to when the leg was not silent, when that is known.

        A detector goes on to see speech for a while after its end. Where the line is silent before that, it is over.
        """
        self._now_us = started_us + FRAME_US
        self._audible_until_us = audible_until_us
        match self._phase:
            case _Phase.QUIET:
                return self._hear_in_quiet(probability, started_us)
            case _Phase.SPEECH:
                return self._hear_in_speech(probability, started_us)
            case _Phase.PAUSE:
                return self._hear_in_pause(probability, started_us)

    def understand(self, guess: int, text: str, confidence: float) -> list[Event]:
        """Take the recogniser's answer to a guess; one that was dropped changes nothing."""
        if self._phase is not _Phase.PAUSE or guess != self._turn.guess:
            return []
        self._turn.text, self._turn.confidence = text.strip(), confidence
        return self._decide()

    def reopen(self, started_us: int) -> None:
        """Let the speech that has just begun belong to the turn that started then: it was not over."""
        if self._phase is _Phase.QUIET:
            self._reopened_us = started_us
        else:
            self._turn.started_us = started_us

    def reset(self) -> list[Event]:
        """Forget the turn under way, as at a gap in what may be heard."""
        dropped: list[Event] = [GuessDropped(self._turn.guess)] if self._turn.guess else []
        self._phase, self._run, self._reopened_us = _Phase.QUIET, 0, None
        self._turn = _Turn(0, 0)
        return dropped

    def _hear_in_quiet(self, probability: float, started_us: int) -> list[Event]:
        threshold = self.rules.speech_over_agent if self.agent_speaks else self.rules.speech
        if not self._counts_up(probability, threshold, started_us):
            return []
        onset_us = self._run_started_us
        opened_us = onset_us if self._reopened_us is None else self._reopened_us
        self._phase, self._reopened_us = _Phase.SPEECH, None
        self._turn = _Turn(opened_us, self._now_us)
        return [SpeechBegan(onset_us)]

    def _hear_in_speech(self, probability: float, started_us: int) -> list[Event]:
        if probability < self.rules.silence:
            self._phase, self._run = _Phase.PAUSE, 0
            if self._audible_until_us is not None:
                started_us = min(started_us, max(self._audible_until_us, self._turn.ended_us - LONGEST_TAIL_US))
            self._turn.ended_us = started_us
            self._calm, self._stirred_us = False, None
            return []
        self._turn.ended_us = self._now_us
        if self._now_us - self._turn.started_us < self.rules.longest_turn_us:
            return []
        self._phase = _Phase.PAUSE
        return [self._guess()]

    def _hear_in_pause(self, probability: float, started_us: int) -> list[Event]:
        guessed = bool(self._turn.guess)
        self._listen_for_a_sound(started_us)
        # A single loud frame after the guess is a click or a breath.
        needed = self.rules.frames_to_start if guessed else 1
        if self._counts_up(probability, self.rules.speech, started_us, needed) and not self._is_too_long():
            self._phase = _Phase.SPEECH
            self._turn.ended_us = self._now_us
            self._turn.text = None
            dropped, self._turn.guess = self._turn.guess, 0
            return [GuessDropped(dropped)] if dropped else []
        events: list[Event] = []
        if not guessed and self._silence_us() >= self.rules.guess_us:
            events.append(self._guess())
        return events + self._decide()

    def _guess(self) -> GuessWanted:
        self._guesses += 1
        self._turn.guess = self._guesses
        return GuessWanted(self._guesses, self._turn.started_us, self._now_us)

    def _decide(self) -> list[Event]:
        turn = self._turn
        if turn.text is None:
            return []
        wait_us = 0 if self._is_too_long() else self.rules.wait_us(completeness(turn.text, self.expects))
        if self._silence_us() < wait_us or self._may_go_on():
            return []
        self._phase, self._run = _Phase.QUIET, 0
        if not turn.text:
            return [NoiseEnded(turn.started_us, turn.ended_us)]
        return [TurnEnded(turn.text, turn.confidence, turn.started_us, turn.ended_us, self._now_us, wait_us)]

    def _counts_up(self, probability: float, threshold: float, started_us: int, needed: int | None = None) -> bool:
        if probability < threshold:
            self._run = 0
            return False
        if self._run == 0:
            self._run_started_us = started_us
        self._run += 1
        if self._run < (needed or self.rules.frames_to_start):
            return False
        self._run = 0
        return True

    def _listen_for_a_sound(self, started_us: int) -> None:
        """Take note of sound on a line that was silent since the speech ended."""
        if self._audible_until_us is None:
            return
        if self._audible_until_us <= started_us:
            self._calm, self._stirred_us = True, None
        elif self._calm and self._stirred_us is None:
            self._stirred_us = started_us

    def _may_go_on(self) -> bool:
        """Tell whether a sound has just begun of which the detector cannot say yet whether it is speech."""
        return self._stirred_us is not None and self._now_us - self._stirred_us < LONGEST_ONSET_US

    def _silence_us(self) -> int:
        return self._now_us - self._turn.ended_us

    def _is_too_long(self) -> bool:
        return self._now_us - self._turn.started_us >= self.rules.longest_turn_us
