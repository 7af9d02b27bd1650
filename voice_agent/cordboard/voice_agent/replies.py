"""What the agent says: moves become speech and facts, and what was heard of them becomes part of the state."""

from cordboard.call.v1.facts_pb2 import ConversationEnded
from cordboard.media.v1.media_node_service_pb2 import Playout
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, ToolOutcome
from cordboard.voice_agent.hearing import Hearing
from cordboard.voice_agent.patience import Patience
from cordboard.voice_agent.profile import Profile
from cordboard.voice_agent.scribe import Scribe
from cordboard.voice_agent.speaking import Play, Speaking
from cordboard.voice_agent.turn_book import TurnBook


class Replies:
    """Keeps the state of the dialogue in step with what was said, and with how much of it was heard."""

    def __init__(
        self,
        profile: Profile,
        state: DialogueState,
        hearing: Hearing,
        speaking: Speaking,
        scribe: Scribe,
        turns: TurnBook,
    ) -> None:
        """Begin with a state in which nothing was said."""
        self.state = state
        self.profile = profile
        self.patience = Patience(profile)
        self.spoken_over_us = 0
        """Media time at which the caller last began to speak."""
        self._hearing = hearing
        self._speaking = speaking
        self._scribe = scribe
        self._turns = turns
        self._rest: tuple[str, ...] = ()
        self._ending: tuple[str, ConversationEnded] | None = None

    @property
    def has_rest(self) -> bool:
        """True while something that was to be said was kept from being heard."""
        return bool(self._rest)

    def make(self, move: Move, turn_id: str = "") -> None:
        """Say a move, and log it at once."""
        play = self.say(move, turn_id)
        self._log(move, turn_id, play)

    def say(self, move: Move, turn_id: str) -> Play | None:
        """Say a move; None when there is nothing to say. Logging it is left to whoever may yet take it back."""
        self.state = move.state
        self._hearing.endpointer.expects = move.expects
        if not move.clauses:
            return None
        self._rest = ()
        play = self._speaking.say(move.clauses, turn_id)
        self._turns.answered_by(play)
        if move.ending is not None and move.ends_after_speech:
            self._ending = (play.play_id, move.ending)
        return play

    def say_line(
        self, clauses: tuple[str, ...], *, turn_id: str = "", play_id: str = "", answers: bool = False
    ) -> None:
        """Say a line that is no move of the dialogue; with `answers` it is the first thing that is said to a turn."""
        play = self._speaking.say(clauses, turn_id, play_id)
        if answers:
            self._turns.answered_by(play)
        self._scribe.plan(play)

    def commit(self, play: Play | None = None) -> None:
        """Log the open turn, or only when `play` is its reply: it cannot be taken back any more."""
        turn = self._turns.close(play)
        if turn is None:
            return
        turn_id = turn.move.state.turn_id
        self._scribe.utterance(turn.ended, turn_id)
        self._log(turn.move, turn_id, turn.play)

    def take_back(self, state: DialogueState) -> None:
        """Return to the state before a turn that was not over."""
        self.state = state
        self._hearing.endpointer.expects = policy.expects(self.profile, state)

    def drop_rest(self) -> None:
        """Leave unsaid what was kept from being heard: the caller has said something new."""
        self._rest = ()

    def take_up(self) -> None:
        """Say what an interruption without words kept from being heard."""
        rest, self._rest = self._rest, ()
        if rest and not self._speaking.is_active:
            self.state = policy.taken_up(self.state)
            self.say_line(rest, turn_id=self.state.turn_id)

    def settle_tool(self, outcome: ToolOutcome) -> None:
        """Go on with the result of a tool; one that nobody waits for changes nothing."""
        if outcome.tool_call_id != self.state.pending:
            return
        self._turns.tool_returned()
        self.commit()
        self.make(policy.settle_tool(self.profile, self.state, outcome), self.state.turn_id)

    def sent(self, play: Play) -> None:
        """Take note that a reply's first piece went out, or that it cannot be said."""
        if play.failed:
            self.commit()
            self.make(policy.fail(self.profile, self.state))
        else:
            self._turns.sent(play)

    def played(self, playout: Playout, *, leaving: bool) -> None:
        """Take note of what the node tells about a play."""
        play = self._speaking.progress(playout)
        if play is None:
            return
        self.commit(play)
        match playout.state:
            case Playout.STATE_STARTED:
                self._turns.started(play)
            case Playout.STATE_FINISHED:
                self.finish(play, sent_us=None)
            case Playout.STATE_FLUSHED:
                if not leaving:
                    self._scribe.barge_in(play, playout.media_us - self.spoken_over_us)
                self.finish(play, sent_us=playout.sent.ToMicroseconds())
            case _:
                pass

    def finish(self, play: Play, *, sent_us: int | None) -> None:
        """Log what was heard of a play; `sent_us` is None when all of it was sent."""
        heard = play.heard(sent_us)
        self._scribe.heard(play, heard)
        if heard.interrupted:
            self._rest = (*self._rest, *heard.rest)
        self.state = policy.played(self.state, heard.text, interrupted=heard.interrupted, since_us=play.started_us)
        if (measured := self._turns.finished(play)) is not None:
            self._scribe.write(measured, measured.turn_id)
        if self._ending is not None and self._ending[0] == play.play_id:
            (_, ending), self._ending = self._ending, None
            self._scribe.write(ending, play.turn_id)

    def _log(self, move: Move, turn_id: str, play: Play | None) -> None:
        self._scribe.move(move, turn_id, play)
        if move.tools:
            self.patience.tool_asked(self._hearing.now_us)
