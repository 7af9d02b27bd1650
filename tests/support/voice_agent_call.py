"""A media node and a caller in memory, for conversations on virtual media time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import ReplyHeard, ToolCallRequested
from cordboard.media.v1.media_node_service_pb2 import (
    AttachAudioRequest,
    AttachAudioResponse,
    Attached,
    HeardAudio,
    Playout,
)
from cordboard.verticals.healthcare.profile import profile_json
from cordboard.voice_agent.conversation import Conversation, Engines
from cordboard.voice_agent.dialogue.dialogue_state import ToolOutcome
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.engines.interpreter import Interpreter
from cordboard.voice_agent.engines.synthesizer import BYTES_PER_SECOND, Synthesizer, ToneSynthesizer
from cordboard.voice_agent.engines.transcriber import ScriptedTranscriber, Transcriber
from cordboard.voice_agent.engines.voice_activity import DetectorFactory, EnergyDetector
from cordboard.voice_agent.fact_log import MemoryFactLog
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.profile import Profile

Fact = TypeVar("Fact", bound=Message)

FRAME_US = 20_000
FRAME_SAMPLES = 320
SILENCE = bytes(FRAME_SAMPLES * 2)
VOICE = b"".join(
    (6_000 if (place // 20) % 2 else -6_000).to_bytes(2, "little", signed=True) for place in range(FRAME_SAMPLES)
)
PROFILE = Profile.parse(profile_json())
TWO_OFFERS = {
    "slot_1_id": "s-1",
    "slot_1_starts_at": "2026-03-03T10:00:00-05:00",
    "slot_2_id": "s-2",
    "slot_2_starts_at": "2026-03-04T14:30:00-05:00",
}


@dataclass
class _Track:
    play_id: str
    pcm: bytearray = field(default_factory=bytearray)
    played: int = 0
    complete: bool = False


class MemoryNode:
    """An AudioPort whose far end is a node that plays what it is sent, 20 ms at a time."""

    def __init__(self) -> None:
        self.media_us = 1_000_000
        self.sent: list[AttachAudioRequest] = []
        self.played = bytearray()
        self.closed = False
        self.released = False
        # True while nobody listens: speech waits.
        self.holds = False
        self._tracks: list[_Track] = []
        self._outbox: asyncio.Queue[AttachAudioResponse | None] = asyncio.Queue()

    @property
    def is_playing(self) -> bool:
        return bool(self._tracks)

    @property
    def is_read(self) -> bool:
        return self._outbox.empty()

    def attach(self) -> None:
        self._outbox.put_nowait(AttachAudioResponse(attached=Attached(media_us=self.media_us)))

    def hang_up(self) -> None:
        self._outbox.put_nowait(None)

    async def receive(self) -> AsyncIterator[AttachAudioResponse]:
        while (response := await self._outbox.get()) is not None:
            yield response

    async def send(self, request: AttachAudioRequest) -> None:
        self.sent.append(request)
        match request.WhichOneof("message"):
            case "speech":
                self._queue(request)
            case "flush":
                for track in self._tracks:
                    self._report(track, Playout.STATE_FLUSHED)
                self._tracks.clear()
            case _:
                pass

    async def close(self, *, released: bool) -> None:
        if not self.closed:
            self.closed, self.released = True, released
        self.hang_up()

    def frame(self, pcm: bytes, *, gated: bool = False) -> None:
        """Let 20 ms pass in which the leg hears `pcm`."""
        self._play()
        self._outbox.put_nowait(AttachAudioResponse(audio=HeardAudio(media_us=self.media_us, pcm=pcm, gated=gated)))
        self.media_us += FRAME_US

    def _queue(self, request: AttachAudioRequest) -> None:
        speech = request.speech
        track = next((track for track in self._tracks if track.play_id == speech.play_id), None)
        if track is None:
            track = _Track(speech.play_id)
            self._tracks.append(track)
        track.pcm += speech.pcm
        track.complete |= speech.last

    def _play(self) -> None:
        if not self._tracks or self.holds:
            return
        track = self._tracks[0]
        frame = track.pcm[track.played : track.played + BYTES_PER_SECOND // 50]
        if frame and track.played == 0:
            self._report(track, Playout.STATE_STARTED)
        track.played += len(frame)
        self.played += frame
        if track.complete and track.played >= len(track.pcm):
            self._report(track, Playout.STATE_FINISHED)
            self._tracks.pop(0)

    def _report(self, track: _Track, state: Playout.State.ValueType) -> None:
        sent = Duration()
        sent.FromMicroseconds(track.played * 1_000_000 // BYTES_PER_SECOND)
        playout = Playout(play_id=track.play_id, state=state, sent=sent, media_us=self.media_us)
        self._outbox.put_nowait(AttachAudioResponse(playout=playout))


class MemoryCall:
    """One conversation with a caller who is played by the test."""

    def __init__(
        self,
        *,
        engagement: Engagement | None = None,
        transcriber: Transcriber | None = None,
        synthesizer: Synthesizer | None = None,
        detector: DetectorFactory = EnergyDetector,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.script = ScriptedTranscriber()
        self.node = MemoryNode()
        self.log = MemoryFactLog()
        self._ids = iter(range(1, 10_000))
        engines = Engines(
            transcriber or self.script,
            PhraseCache(synthesizer or ToneSynthesizer()),
            detector,
            {"asr": "scripted"},
            interpreter,
        )
        self.conversation = Conversation(
            engagement or Engagement("call-1", "leg-ai", "leg-caller", PROFILE, ask_consent=True),
            engines,
            self.node,
            self.log,
            clock_us=lambda: self.node.media_us + 5_000_000,
            new_id=lambda: f"play-{next(self._ids)}",
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.conversation.run())
        self.node.attach()
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None and not self._task.done():
            self.node.hang_up()
            async with asyncio.timeout(10):
                await self._task

    @property
    def is_over(self) -> bool:
        return self._task is not None and self._task.done()

    async def ended(self) -> None:
        """Return when the conversation is over."""
        assert self._task is not None
        async with asyncio.timeout(10):
            await self._task

    async def settle(self) -> None:
        """Return when all that was sent so far has been dealt with."""
        async with asyncio.timeout(20):
            calm = 0
            while calm < 3 and not self.is_over:
                await asyncio.sleep(0)
                calm = calm + 1 if self.node.is_read and self.conversation.is_settled else 0

    async def hear(self, pcm: bytes, *, gated: bool = False) -> None:
        """Let the leg hear audio, 20 ms at a time."""
        for at in range(0, len(pcm), len(SILENCE)):
            self.node.frame(pcm[at : at + len(SILENCE)].ljust(len(SILENCE), b"\0"), gated=gated)
            await self.settle()

    async def voice(self, ms: int) -> None:
        await self.hear(VOICE * (ms // 20))

    async def silence(self, ms: int) -> None:
        await self.hear(SILENCE * (ms // 20))

    async def listen(self, limit_ms: int = 30_000) -> None:
        """Stay silent until the agent has finished what it says."""
        waited = 0
        while self.node.is_playing and waited < limit_ms:
            await self.silence(20)
            waited += 20
        assert waited < limit_ms, "the agent never stops"

    async def say(self, *heard: str, ms: int = 600, pause_ms: int = 1_500) -> str:
        """Say one turn, wait for the agent's reply, and give it. `heard` are the recogniser's answers."""
        before = len(self.replies())
        self.script.expect(*heard)
        await self.voice(ms)
        await self.silence(pause_ms)
        await self.listen()
        return " ".join(self.replies()[before:])

    async def settle_tool(self, outcome: str = "ok", result: dict[str, str] | None = None, reason: str = "") -> str:
        """Deliver the result of the newest tool call, and give what the agent says then."""
        before = len(self.replies())
        tool = self.of(ToolCallRequested)[-1]
        self.conversation.deliver(ToolOutcome(tool.tool_call_id, outcome, result or {}, reason))
        await self.settle()
        await self.listen()
        return " ".join(self.replies()[before:])

    def facts(self) -> Sequence[Message]:
        return [logged.event for logged in self.log.facts]

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts() if isinstance(fact, kind)]

    def replies(self) -> list[str]:
        """What the caller heard, reply by reply."""
        return [fact.text for fact in self.of(ReplyHeard)]
