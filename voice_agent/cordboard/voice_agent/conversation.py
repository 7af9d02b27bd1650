"""One conversation with a caller: hears, decides, speaks, and logs what it saw. All timers run on media time."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cordboard.call.v1.facts_pb2 import (
    ConversationEnded,
    EngineVersionsReported,
)
from cordboard.core.errors import CordboardError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioResponse, HeardAudio, Playout
from cordboard.voice_agent.audio_port import AudioPort
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, ToolOutcome, Utterance
from cordboard.voice_agent.dialogue.words import is_backchannel
from cordboard.voice_agent.dialogue.yes_no import is_bare
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
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.engines.transcriber import Transcriber, Transcript
from cordboard.voice_agent.engines.voice_activity import DetectorFactory
from cordboard.voice_agent.fact_log import FactLog
from cordboard.voice_agent.hearing import Hearing
from cordboard.voice_agent.inbox import Guessed, Item, LineGiven, PortGone, Released
from cordboard.voice_agent.media_clock import MediaClock
from cordboard.voice_agent.patience import Due, Patience
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.scribe import Scribe
from cordboard.voice_agent.speaking import Play, Speaking
from cordboard.voice_agent.turn_book import OpenTurn, TurnBook

FAREWELL_LIMIT_S = 6.0
INAUDIBLE = Transcript("inaudible", 0.0)


@dataclass(frozen=True, slots=True)
class Engines:
    """What a conversation hears and speaks with."""

    transcriber: Transcriber
    phrases: PhraseCache
    detector: DetectorFactory
    versions: Mapping[str, str] = field(default_factory=dict)


class Conversation:
    """Talks with one caller over one port until it is released or the port is gone."""

    def __init__(
        self,
        engagement: Engagement,
        engines: Engines,
        port: AudioPort,
        facts: FactLog,
        *,
        clock_us: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        """Take the call, the engines, the port, the log, a monotonic clock in microseconds and a source of ids."""
        self.engagement = engagement
        self.state = DialogueState(call_id=engagement.call_id)
        self._engines = engines
        self._port = port
        self._clock_us = clock_us
        self._new_id = new_id
        self._inbox: asyncio.Queue[Item] = asyncio.Queue()
        self._clock = MediaClock()
        self._hearing = Hearing(engines.detector(), Endpointer())
        self._scribe = Scribe(facts, engagement, lambda: self._hearing.now_us)
        self._speaking = Speaking(
            port, engines.phrases, clock_us=clock_us, new_id=new_id, notify=self._inbox.put_nowait
        )
        self.turns = TurnBook(EndpointRules(), self._clock, clock_us)
        self._patience = Patience(engagement.profile)
        self._guesses: dict[int, asyncio.Task[None]] = {}
        self._onset_us = 0
        self._rest: tuple[str, ...] = ()
        self._lines: deque[LineGiven] = deque()
        self._ending: tuple[str, ConversationEnded] | None = None
        self._leaving = False
        self._running = True

    # What others ask for.

    def deliver(self, outcome: ToolOutcome) -> None:
        """Hand over the result of a tool; one that nobody waits for changes nothing."""
        self._inbox.put_nowait(outcome)

    def say(self, text: str) -> str:
        """Say a line at the next pause, and give the id of its playing."""
        line = LineGiven(text, self._new_id())
        self._inbox.put_nowait(line)
        return line.play_id

    def release(self, *, finish_speaking: bool, last_words: tuple[str, ...] = ()) -> None:
        """Leave the call, at once or after what is being said and `last_words`."""
        self._inbox.put_nowait(Released(finish_speaking, last_words))

    @property
    def is_settled(self) -> bool:
        """True when all that was given to it has been dealt with."""
        return self._inbox.empty() and not self._guesses and self._speaking.is_settled

    async def run(self) -> None:
        """Talk until released. A conversation that ends otherwise leaves a lost port, so that another takes over."""
        receiver = asyncio.create_task(self._receive())
        released = False
        try:
            while self._running:
                await self._handle(await self._inbox.get())
            released = self._leaving
        finally:
            await self.close(released=released)
            receiver.cancel()
            await asyncio.gather(receiver, return_exceptions=True)

    async def close(self, *, released: bool = False) -> None:
        """Let go of the port and of all that runs in the background."""
        for guess in self._guesses.values():
            guess.cancel()
        await asyncio.gather(*self._guesses.values(), return_exceptions=True)
        await self._speaking.close()
        await self._port.close(released=released)

    async def _receive(self) -> None:
        with contextlib.suppress(CordboardError):
            async for response in self._port.receive():
                self._inbox.put_nowait(response)
        self._inbox.put_nowait(PortGone())

    async def _handle(self, item: Item) -> None:
        match item:
            case AttachAudioResponse():
                await self._on_response(item)
            case Guessed():
                self._guesses.pop(item.guess, None)
                heard = item.transcript
                await self._on_events(self._hearing.endpointer.understand(item.guess, heard.text, heard.confidence))
            case ToolOutcome():
                self._on_tool(item)
            case LineGiven():
                self._lines.append(item)
            case Released():
                await self._on_release(item)
            case Play():
                self._on_play_notice(item)
            case PortGone():
                self._running = False
        self._hearing.endpointer.agent_speaks = self._speaking.is_audible

    async def _on_response(self, response: AttachAudioResponse) -> None:
        match response.WhichOneof("message"):
            case "attached":
                self._clock.observe(response.attached.media_us, self._clock_us())
                self._hearing.now_us = response.attached.media_us
                self._scribe.write(EngineVersionsReported(versions=dict(self._engines.versions)))
                self._make(self.engagement.first_move())
            case "audio":
                await self._on_audio(response.audio)
            case "playout":
                self._on_playout(response.playout)
            case _:
                pass

    async def _on_audio(self, audio: HeardAudio) -> None:
        if self.state.is_over or self._leaving:
            # Nothing is transcribed after the end; time goes on.
            self._hearing.now_us = audio.media_us
            return
        await self._on_events(self._hearing.push(audio))
        self._wait(gated=audio.gated)

    async def _on_events(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case SpeechBegan():
                    await self._on_speech(event.onset_us)
                case GuessWanted():
                    pcm = self._hearing.audio(event.started_us, event.ended_us)
                    self._guesses[event.guess] = asyncio.create_task(self._transcribe(event.guess, pcm))
                case GuessDropped():
                    if task := self._guesses.pop(event.guess, None):
                        task.cancel()
                case NoiseEnded():
                    self._take_up()
                case TurnEnded():
                    self._on_turn(event)

    async def _transcribe(self, guess: int, pcm: bytes) -> None:
        try:
            transcript = await self._engines.transcriber.transcribe(pcm)
        except CordboardError:
            # The ear is away: the caller is asked again, and a human takes over when it stays away.
            transcript = INAUDIBLE
        self._inbox.put_nowait(Guessed(guess, transcript))

    # The caller's turns.

    async def _on_speech(self, onset_us: int) -> None:
        self._onset_us = onset_us
        if (turn := self.turns.take_back()) is not None:
            self.state = turn.before
            self._hearing.endpointer.reopen(turn.ended.started_us)
            self._hearing.endpointer.expects = policy.expects(self.engagement.profile, self.state)
            await self._speaking.flush()
            return
        if not self._speaking.is_active:
            return
        self.turns.spoken_over(onset_us)
        for play in await self._speaking.flush():
            self._finish_play(play, sent_us=0)

    def _on_turn(self, ended: TurnEnded) -> None:
        if self._rest and not self.state.question_heard and (is_backchannel(ended.text) or is_bare(ended.text)):
            # Nothing was asked yet that this could answer: it belongs to the turn before.
            self._scribe.utterance(ended, self.state.turn_id)
            self._take_up()
            return
        began_us = self._clock_us()
        before = self.state
        move = policy.hear(self.engagement.profile, before, Utterance(ended.text, ended.confidence, ended.started_us))
        self._rest = ()
        self.turns.measure(move.state.turn_id, ended, heard_us=self._hearing.now_us, began_us=began_us)
        play = self._speak(move, move.state.turn_id)
        self.turns.open(OpenTurn(ended, before, move, play))
        # What acts on the world cannot be taken back, and silence need not be.
        if play is None or move.tools or (move.ending is not None and not move.ends_after_speech):
            self._commit()

    def _commit(self, play: Play | None = None) -> None:
        turn = self.turns.close(play)
        if turn is None:
            return
        turn_id = turn.move.state.turn_id
        self._scribe.utterance(turn.ended, turn_id)
        self._log_move(turn.move, turn_id, turn.play)

    # The agent's moves.

    def _make(self, move: Move, turn_id: str = "") -> None:
        play = self._speak(move, turn_id)
        self._log_move(move, turn_id, play)

    def _speak(self, move: Move, turn_id: str) -> Play | None:
        self.state = move.state
        self._hearing.endpointer.expects = move.expects
        if not move.clauses:
            return None
        self._rest = ()
        play = self._speaking.say(move.clauses, turn_id)
        self.turns.answered_by(play)
        if move.ending is not None and move.ends_after_speech:
            self._ending = (play.play_id, move.ending)
        return play

    def _log_move(self, move: Move, turn_id: str, play: Play | None) -> None:
        self._scribe.move(move, turn_id, play)
        if move.tools:
            self._patience.tool_asked(self._hearing.now_us)

    def _on_tool(self, outcome: ToolOutcome) -> None:
        if outcome.tool_call_id != self.state.pending:
            return
        self.turns.tool_returned()
        self._commit()
        self._make(policy.settle_tool(self.engagement.profile, self.state, outcome), self.state.turn_id)

    def _take_up(self) -> None:
        """Say what an interruption without words kept from being heard."""
        rest, self._rest = self._rest, ()
        if rest and not self._speaking.is_active:
            self.state = policy.taken_up(self.state)
            self._scribe.plan(self._speaking.say(rest, self.state.turn_id))

    def _wait(self, *, gated: bool) -> None:
        """Do what is due when nobody speaks: a line to say, a filler, a word to a silent caller."""
        quiet = self._hearing.endpointer.is_quiet and not self._speaking.is_active and not gated
        if quiet and self._lines and not self.turns.is_open:
            line = self._lines.popleft()
            self._scribe.plan(self._speaking.say((line.text,), "", line.play_id))
            quiet = False
        match self._patience.due(self._hearing.now_us, quiet=quiet, state=self.state):
            case Due.FILLER:
                play = self._speaking.say(self.engagement.profile.line("filler"), self.state.turn_id)
                self.turns.answered_by(play)
                self._scribe.plan(play)
            case Due.TOOL_LOST:
                self._on_tool(ToolOutcome(self.state.pending, "unknown"))
            case Due.SILENCE:
                self._make(policy.fall_silent(self.engagement.profile, self.state))
            case Due.NOTHING:
                pass

    # What became of the agent's speech.

    def _on_play_notice(self, play: Play) -> None:
        if play.failed:
            self._commit()
            self._make(policy.fail(self.engagement.profile, self.state))
        else:
            self.turns.sent(play)

    def _on_playout(self, playout: Playout) -> None:
        self._clock.observe(playout.media_us, self._clock_us())
        play = self._speaking.progress(playout)
        if play is None:
            return
        self._commit(play)
        match playout.state:
            case Playout.STATE_STARTED:
                self.turns.started(play)
            case Playout.STATE_FINISHED:
                self._finish_play(play, sent_us=None)
            case Playout.STATE_FLUSHED:
                if not self._leaving:
                    self._scribe.barge_in(play, playout.media_us - self._onset_us)
                self._finish_play(play, sent_us=playout.sent.ToMicroseconds())
            case _:
                pass
        if self._leaving and not self._speaking.is_active:
            self._running = False

    def _finish_play(self, play: Play, *, sent_us: int | None) -> None:
        """Log what was heard of a play; `sent_us` is None when all of it was sent."""
        heard = play.heard(sent_us)
        self._scribe.heard(play, heard)
        if heard.interrupted:
            self._rest = (*self._rest, *heard.rest)
        self.state = policy.played(self.state, heard.text, interrupted=heard.interrupted, since_us=play.started_us)
        if (measured := self.turns.finished(play)) is not None:
            self._scribe.write(measured, measured.turn_id)
        if self._ending is not None and self._ending[0] == play.play_id:
            (_, ending), self._ending = self._ending, None
            self._scribe.write(ending, play.turn_id)

    async def _on_release(self, release: Released) -> None:
        if release.last_words and release.finish_speaking and not self._leaving:
            self._scribe.plan(self._speaking.say(release.last_words, ""))
        self._leaving = True
        if self._speaking.is_active:
            if release.finish_speaking:
                asyncio.get_running_loop().call_later(FAREWELL_LIMIT_S, self._inbox.put_nowait, Released(False))
                return
            with contextlib.suppress(CordboardError):
                await self._speaking.flush()
        self._running = False
