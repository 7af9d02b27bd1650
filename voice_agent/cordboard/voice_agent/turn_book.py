"""The turns of a conversation: which one may still be taken back, what each one's stages took."""

from collections.abc import Callable
from dataclasses import dataclass

from cordboard.call.v1.facts_pb2 import TurnMeasured
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move
from cordboard.voice_agent.endpointing import EndpointRules, TurnEnded
from cordboard.voice_agent.media_clock import MediaClock
from cordboard.voice_agent.speaking import Play
from cordboard.voice_agent.turn_meter import TurnMeter
from cordboard.voice_agent.turn_telemetry import record_turn


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A turn that was answered, but nothing of the answer was heard yet: the caller may still go on."""

    ended: TurnEnded
    before: DialogueState
    move: Move
    play: Play | None


class TurnBook:
    """Keeps the turn that is open and the meters of those whose reply is on its way."""

    def __init__(self, rules: EndpointRules, clock: MediaClock, clock_us: Callable[[], int]) -> None:
        """Take the endpointing rules, the call's media clock and the local clock in microseconds."""
        self.recovered = 0
        self.premature = 0
        self._rules = rules
        self._clock = clock
        self._clock_us = clock_us
        self._open: OpenTurn | None = None
        self._meters: dict[str, TurnMeter] = {}
        self._unanswered: TurnMeter | None = None
        self._last_ended: TurnEnded | None = None
        self._was_premature = False

    @property
    def is_open(self) -> bool:
        """True while a turn may still be taken back."""
        return self._open is not None

    def measure(self, turn_id: str, ended: TurnEnded, *, heard_us: int, began_us: int) -> None:
        """Start the meter of a turn that was just thought about; `began_us` is when thinking began."""
        meter = TurnMeter.begin(turn_id, ended, self._clock, heard_us=heard_us, now_us=began_us)
        meter.split, self._was_premature = self._was_premature, False
        meter.thought_us = self._clock_us() - began_us
        self._unanswered = meter
        self._last_ended = ended

    def open(self, turn: OpenTurn) -> None:
        """Hold a turn until its reply is heard."""
        self._open = turn

    def close(self, play: Play | None = None) -> OpenTurn | None:
        """Give the open turn to be committed, or only when `play` is its reply; it cannot be taken back any more."""
        turn = self._open
        if turn is None or (play is not None and turn.play is not play):
            return None
        self._open = None
        return turn

    def take_back(self) -> OpenTurn | None:
        """Give the open turn when the caller goes on before anything of the reply was heard."""
        turn = self.close()
        if turn is not None:
            self.recovered += 1
            self._unanswered = None
        return turn

    def spoken_over(self, onset_us: int) -> None:
        """Take note of speech over a reply: soon after the turn's end it means that the caller was not finished."""
        ended = self._last_ended
        if ended is not None and onset_us - ended.decided_us <= self._rules.premature_us:
            self.premature += 1
            self._was_premature = True

    def tool_returned(self) -> None:
        """Take note that the turn's reply had to wait for a tool until now."""
        if (meter := self._unanswered) is not None:
            meter.tool_us = max(0, self._clock_us() - meter.decided_us - meter.thought_us)

    def answered_by(self, play: Play) -> None:
        """Take note of the first thing that is said after the turn."""
        if self._unanswered is not None:
            self._meters[play.play_id], self._unanswered = self._unanswered, None

    def sent(self, play: Play) -> None:
        """Take note that a reply's first piece went to the node."""
        if meter := self._meters.get(play.play_id):
            meter.first_sent_us = play.first_sent_us

    def started(self, play: Play) -> None:
        """Take note that the caller hears a reply."""
        if meter := self._meters.get(play.play_id):
            meter.started_us = self._clock.to_local(play.started_us)

    def finished(self, play: Play) -> TurnMeasured | None:
        """Give what the turn's stages took, once its reply is over; None when it answered no turn or was not heard."""
        meter = self._meters.pop(play.play_id, None)
        if meter is None or not meter.started_us:
            return None
        meter.premature = self._was_premature
        record_turn(meter, self._clock_us())
        return meter.measured()
