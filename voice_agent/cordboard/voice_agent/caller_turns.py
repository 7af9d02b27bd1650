"""The caller's side: from endpointing's events to turns that are answered, taken back, or no turns at all."""

import asyncio
from collections.abc import Callable

from cordboard.core.errors import CordboardError
from cordboard.runtime.log_context import bind
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import Utterance
from cordboard.voice_agent.dialogue.interpretation import may_interpret, usable
from cordboard.voice_agent.dialogue.words import is_backchannel
from cordboard.voice_agent.dialogue.yes_no import is_bare
from cordboard.voice_agent.endpointing import Event, GuessDropped, GuessWanted, NoiseEnded, SpeechBegan, TurnEnded
from cordboard.voice_agent.engines.interpreter import Interpreter
from cordboard.voice_agent.engines.transcriber import BYTES_PER_SECOND, Transcriber, Transcript
from cordboard.voice_agent.hearing import Hearing
from cordboard.voice_agent.inbox import Guessed, Interpreted
from cordboard.voice_agent.replies import Replies
from cordboard.voice_agent.scribe import Scribe
from cordboard.voice_agent.speaking import Speaking
from cordboard.voice_agent.turn_book import OpenTurn, TurnBook

INAUDIBLE = Transcript("inaudible", 0.0)
# The guess is made after so little silence that a recogniser would take it for a pause within a sentence.
TAIL = bytes(BYTES_PER_SECOND // 10)


class CallerTurns:
    """Has what the caller says understood, and answers it. `notify` is called with what the recogniser understood."""

    def __init__(
        self,
        transcriber: Transcriber,
        interpreter: Interpreter | None,
        hearing: Hearing,
        speaking: Speaking,
        replies: Replies,
        scribe: Scribe,
        turns: TurnBook,
        *,
        clock_us: Callable[[], int],
        notify: Callable[[Guessed | Interpreted], None],
    ) -> None:
        """Take the recogniser, what interprets if anything does, and the conversation's other parts."""
        self._transcriber = transcriber
        self._interpreter = interpreter
        self._hearing = hearing
        self._speaking = speaking
        self._replies = replies
        self._scribe = scribe
        self._turns = turns
        self._clock_us = clock_us
        self._notify = notify
        self._guesses: dict[int, asyncio.Task[None]] = {}
        self._thought: tuple[TurnEnded, int, asyncio.Task[None]] | None = None

    @property
    def is_thinking(self) -> bool:
        """True while a turn that is over waits for what was meant by it."""
        return self._thought is not None

    @property
    def is_settled(self) -> bool:
        """True when neither recogniser nor interpreter owes anything."""
        return not self._guesses and not self.is_thinking

    async def close(self) -> None:
        """Ask recogniser and interpreter for nothing more."""
        tasks = [*self._guesses.values(), *([self._thought[2]] if self._thought else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def understand(self, guessed: Guessed) -> None:
        """Take what the recogniser understood."""
        self._guesses.pop(guessed.guess, None)
        heard = guessed.transcript
        await self.follow(self._hearing.endpointer.understand(guessed.guess, heard.text, heard.confidence))

    async def follow(self, events: list[Event]) -> None:
        """Do what follows from events of endpointing."""
        for event in events:
            match event:
                case SpeechBegan():
                    await self._begin(event.onset_us)
                case GuessWanted():
                    pcm = self._hearing.audio(event.started_us, event.ended_us) + TAIL
                    self._guesses[event.guess] = asyncio.create_task(self._transcribe(event.guess, pcm))
                case GuessDropped():
                    if task := self._guesses.pop(event.guess, None):
                        task.cancel()
                case NoiseEnded():
                    self._replies.take_up()
                case TurnEnded():
                    self._end(event)

    async def _transcribe(self, guess: int, pcm: bytes) -> None:
        try:
            transcript = await self._transcriber.transcribe(pcm)
        except CordboardError:
            # The ear is away: the caller is asked again, and a human takes over when it stays away.
            transcript = INAUDIBLE
        self._notify(Guessed(guess, transcript))

    async def _begin(self, onset_us: int) -> None:
        self._replies.spoken_over_us = onset_us
        if self._thought is not None:
            # The caller goes on before it is known what was meant: it is one turn.
            (ended, _, task), self._thought = self._thought, None
            task.cancel()
            self._hearing.endpointer.reopen(ended.started_us)
            return
        if (turn := self._turns.take_back()) is not None:
            self._hearing.endpointer.reopen(turn.ended.started_us)
            self._replies.take_back(turn.before)
            await self._speaking.flush()
            return
        if not self._speaking.is_active:
            return
        self._turns.spoken_over(onset_us)
        for play in await self._speaking.flush():
            self._replies.finish(play, sent_us=0)

    def _end(self, ended: TurnEnded) -> None:
        before = self._replies.state
        if self._replies.has_rest and not before.question_heard and (is_backchannel(ended.text) or is_bare(ended.text)):
            # Nothing was asked yet that this could answer: it belongs to the turn before.
            self._scribe.utterance(ended, before.turn_id)
            self._replies.take_up()
            return
        began_us = self._clock_us()
        utterance = Utterance(ended.text, ended.confidence, ended.started_us)
        if self._interpreter is not None and may_interpret(self._replies.profile, before, utterance):
            question = " ".join(before.last_question)
            task = asyncio.create_task(self._interpret(self._interpreter, question, ended))
            self._thought = (ended, began_us, task)
            return
        self._answer(ended, utterance, began_us)

    async def _interpret(self, interpreter: Interpreter, question: str, ended: TurnEnded) -> None:
        try:
            meaning = await interpreter.interpret(question, ended.text)
        except CordboardError:
            # The caller's own words have to do.
            meaning = ended.text
        self._notify(Interpreted(ended, meaning if usable(ended.text, meaning) else ended.text))

    def interpret(self, interpreted: Interpreted) -> None:
        """Answer a turn by what was meant; one that went on meanwhile is not over."""
        if self._thought is None or self._thought[0] is not interpreted.ended:
            return
        (ended, began_us, _), self._thought = self._thought, None
        self._answer(ended, Utterance(interpreted.meaning, ended.confidence, ended.started_us), began_us)

    def _answer(self, ended: TurnEnded, utterance: Utterance, began_us: int) -> None:
        before = self._replies.state
        move = policy.hear(self._replies.profile, before, utterance)
        bind(turn_id=move.state.turn_id)
        self._replies.drop_rest()
        self._turns.measure(move.state.turn_id, ended, heard_us=self._hearing.now_us, began_us=began_us)
        play = self._replies.say(move, move.state.turn_id)
        self._turns.open(OpenTurn(ended, before, move, play))
        # What acts on the world cannot be taken back, and silence need not be.
        if play is None or move.tools or (move.ending is not None and not move.ends_after_speech):
            self._replies.commit()
