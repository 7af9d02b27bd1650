"""One conversation with a caller: hears, decides, speaks, and logs what it saw. All timers run on media time."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cordboard.call.v1.facts_pb2 import EngineVersionsReported
from cordboard.core.errors import CordboardError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioResponse, HeardAudio
from cordboard.runtime.log_context import bind
from cordboard.voice_agent.audio_port import AudioPort
from cordboard.voice_agent.caller_turns import CallerTurns
from cordboard.voice_agent.dialogue import policy
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, ToolOutcome
from cordboard.voice_agent.endpointing import Endpointer, EndpointRules
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.engines.interpreter import Interpreter
from cordboard.voice_agent.engines.transcriber import Transcriber
from cordboard.voice_agent.engines.voice_activity import DetectorFactory
from cordboard.voice_agent.fact_log import FactLog
from cordboard.voice_agent.hearing import Hearing
from cordboard.voice_agent.inbox import Guessed, Interpreted, Item, LineGiven, PortGone, Released
from cordboard.voice_agent.media_clock import MediaClock
from cordboard.voice_agent.patience import Due
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.replies import Replies
from cordboard.voice_agent.scribe import Scribe
from cordboard.voice_agent.speaking import Play, Speaking
from cordboard.voice_agent.turn_book import TurnBook

FAREWELL_LIMIT_S = 6.0


@dataclass(frozen=True, slots=True)
class Engines:
    """What a conversation hears and speaks with."""

    transcriber: Transcriber
    phrases: PhraseCache
    detector: DetectorFactory
    versions: Mapping[str, str] = field(default_factory=dict)
    interpreter: Interpreter | None = None


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
        state = DialogueState(call_id=engagement.call_id)
        self._replies = Replies(engagement.profile, state, self._hearing, self._speaking, self._scribe, self.turns)
        self._caller = CallerTurns(
            engines.transcriber, engines.interpreter, self._hearing, self._speaking, self._replies, self._scribe,
            self.turns, clock_us=clock_us, notify=self._inbox.put_nowait,
        )  # fmt: skip
        self._lines: deque[LineGiven] = deque()
        self._leaving = False
        self._running = True

    @property
    def state(self) -> DialogueState:
        """Where the dialogue stands."""
        return self._replies.state

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
        return self._inbox.empty() and self._caller.is_settled and self._speaking.is_settled

    async def run(self) -> None:
        """Talk until released. A conversation that ends otherwise leaves a lost port, so that another takes over."""
        bind(call_id=self.engagement.call_id, leg_id=self.engagement.leg_id)
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
        await self._caller.close()
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
                await self._caller.understand(item)
            case Interpreted():
                self._caller.interpret(item)
            case ToolOutcome():
                self._replies.settle_tool(item)
            case LineGiven():
                self._lines.append(item)
            case Released():
                await self._on_release(item)
            case Play():
                self._replies.sent(item)
            case PortGone():
                self._running = False
        self._hearing.endpointer.agent_speaks = self._speaking.is_audible

    async def _on_response(self, response: AttachAudioResponse) -> None:
        match response.WhichOneof("message"):
            case "attached":
                self._clock.observe(response.attached.media_us, self._clock_us())
                self._hearing.now_us = response.attached.media_us
                self._scribe.write(EngineVersionsReported(versions=dict(self._engines.versions)))
                self._replies.make(self.engagement.first_move())
            case "audio":
                await self._on_audio(response.audio)
            case "playout":
                self._clock.observe(response.playout.media_us, self._clock_us())
                self._replies.played(response.playout, leaving=self._leaving)
                if self._leaving and not self._speaking.is_active:
                    self._running = False
            case _:
                pass

    async def _on_audio(self, audio: HeardAudio) -> None:
        if self.state.is_over or self._leaving:
            # Nothing is transcribed after the end; time goes on.
            self._hearing.now_us = audio.media_us
            return
        await self._caller.follow(self._hearing.push(audio))
        self._wait(gated=audio.gated)

    def _wait(self, *, gated: bool) -> None:
        """Do what is due when nobody speaks: a line to say, a filler, a word to a silent caller."""
        replies, profile = self._replies, self.engagement.profile
        waiting = self._hearing.endpointer.is_quiet and not self._caller.is_thinking
        quiet = waiting and not self._speaking.is_active and not gated
        if quiet and self._lines and not self.turns.is_open:
            line = self._lines.popleft()
            replies.say_line((line.text,), play_id=line.play_id)
            quiet = False
        match replies.patience.due(self._hearing.now_us, quiet=quiet, state=self.state):
            case Due.FILLER:
                replies.say_line(profile.line("filler"), turn_id=self.state.turn_id, answers=True)
            case Due.TOOL_LOST:
                replies.settle_tool(ToolOutcome(self.state.pending, "unknown"))
            case Due.SILENCE:
                replies.make(policy.fall_silent(profile, self.state))
            case Due.NOTHING:
                pass

    async def _on_release(self, release: Released) -> None:
        if release.last_words and release.finish_speaking and not self._leaving:
            self._replies.say_line(release.last_words)
        self._leaving = True
        if self._speaking.is_active:
            if release.finish_speaking:
                asyncio.get_running_loop().call_later(FAREWELL_LIMIT_S, self._inbox.put_nowait, Released(False))
                return
            with contextlib.suppress(CordboardError):
                await self._speaking.flush()
        self._running = False
