"""The caller's side: from endpointing's events to turns that are answered, taken back, or no turns at all."""

import asyncio
from collections.abc import Callable

from cordboard.core.errors import CordboardError
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import Utterance
from cordboard.voice_agent.dialogue.words import is_backchannel
from cordboard.voice_agent.dialogue.yes_no import is_bare
from cordboard.voice_agent.endpointing import Event, GuessDropped, GuessWanted, NoiseEnded, SpeechBegan, TurnEnded
from cordboard.voice_agent.engines.transcriber import BYTES_PER_SECOND, Transcriber, Transcript
from cordboard.voice_agent.hearing import Hearing
from cordboard.voice_agent.inbox import Guessed
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
        hearing: Hearing,
        speaking: Speaking,
        replies: Replies,
        scribe: Scribe,
        turns: TurnBook,
        *,
        clock_us: Callable[[], int],
        notify: Callable[[Guessed], None],
    ) -> None:
        """Take the recogniser, the ear, the mouth, what is said, the log, the book of turns and the local clock."""
        self._transcriber = transcriber
        self._hearing = hearing
        self._speaking = speaking
        self._replies = replies
        self._scribe = scribe
        self._turns = turns
        self._clock_us = clock_us
        self._notify = notify
        self._guesses: dict[int, asyncio.Task[None]] = {}

    @property
    def is_settled(self) -> bool:
        """True when the recogniser owes nothing."""
        return not self._guesses

    async def close(self) -> None:
        """Ask the recogniser for nothing more."""
        for guess in self._guesses.values():
            guess.cancel()
        await asyncio.gather(*self._guesses.values(), return_exceptions=True)

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
        move = policy.hear(self._replies.profile, before, utterance)
        self._replies.drop_rest()
        self._turns.measure(move.state.turn_id, ended, heard_us=self._hearing.now_us, began_us=began_us)
        play = self._replies.say(move, move.state.turn_id)
        self._turns.open(OpenTurn(ended, before, move, play))
        # What acts on the world cannot be taken back, and silence need not be.
        if play is None or move.tools or (move.ending is not None and not move.ends_after_speech):
            self._replies.commit()
