"""The agent's mouth: replies become speech on the port, clause by clause, and what was heard of them is known."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from cordboard.core.errors import CordboardError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioRequest, FlushSpeech, Playout, Speech
from cordboard.voice_agent.audio_port import AudioPort
from cordboard.voice_agent.engines.synthesizer import BYTES_PER_SECOND, SAMPLE_RATE
from cordboard.voice_agent.heard_ledger import Heard, SpokenClause, heard_of
from cordboard.voice_agent.phrase_cache import PhraseCache

PIECE_BYTES = BYTES_PER_SECOND // 2
PAUSE_AFTER_SENTENCE_MS = 180
PAUSE_AFTER_CLAUSE_MS = 80


@dataclass(slots=True)
class Play:
    """One reply on its way to the caller."""

    play_id: str
    turn_id: str
    clauses: tuple[str, ...]
    spoken: list[SpokenClause] = field(default_factory=list)
    first_sent_us: int = 0
    started_us: int = 0
    cut: bool = False
    failed: bool = False

    @property
    def has_started(self) -> bool:
        """True when its first audible packet was sent."""
        return self.started_us > 0

    def heard(self, sent_us: int | None) -> Heard:
        """Tell what was heard when so much was sent; None when it was played to its end."""
        if sent_us is None:
            return Heard(" ".join(self.clauses), ())
        return heard_of(self.spoken, sent_us, self.clauses[len(self.spoken) :])


class Speaking:
    """Sends replies in order. `notify` is called when a play's first piece was sent and when a play failed."""

    def __init__(
        self,
        port: AudioPort,
        phrases: PhraseCache,
        *,
        clock_us: Callable[[], int],
        new_id: Callable[[], str],
        notify: Callable[[Play], None],
    ) -> None:
        """Take the port, the voice, the clock and the source of play ids."""
        self._port = port
        self._phrases = phrases
        self._clock_us = clock_us
        self._new_id = new_id
        self._notify = notify
        self._plays: OrderedDict[str, Play] = OrderedDict()
        self._queue: asyncio.Queue[Play] = asyncio.Queue()
        self._sender = asyncio.create_task(self._send_all())
        self._busy = False

    @property
    def is_active(self) -> bool:
        """True from the moment a reply is given until its last packet was sent."""
        return bool(self._plays)

    @property
    def is_audible(self) -> bool:
        """True while the caller hears the agent."""
        return any(play.has_started for play in self._plays.values())

    @property
    def is_settled(self) -> bool:
        """True when nothing waits to be synthesised or sent."""
        return self._queue.empty() and not self._busy

    def say(self, clauses: tuple[str, ...], turn_id: str, play_id: str = "") -> Play:
        """Speak a reply after those before it."""
        play = Play(play_id or self._new_id(), turn_id, clauses)
        self._plays[play.play_id] = play
        self._queue.put_nowait(play)
        return play

    async def flush(self) -> list[Play]:
        """Stop everything at once; give what never began, which the caller did not hear at all."""
        for play in self._plays.values():
            play.cut = True
        await self._send(AttachAudioRequest(flush=FlushSpeech()))
        unheard = [play for play in self._plays.values() if not play.has_started]
        for play in unheard:
            del self._plays[play.play_id]
        return unheard

    def progress(self, playout: Playout) -> Play | None:
        """Take what the node says about a play; None when it is not known any more."""
        play = self._plays.get(playout.play_id)
        if play is None:
            return None
        if playout.state == Playout.STATE_STARTED:
            play.started_us = playout.media_us
        elif playout.state in (Playout.STATE_FINISHED, Playout.STATE_FLUSHED):
            del self._plays[play.play_id]
        return play

    async def close(self) -> None:
        """Stop sending."""
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)

    async def _send_all(self) -> None:
        while True:
            play = await self._queue.get()
            self._busy = True
            try:
                await self._send_play(play)
            finally:
                self._busy = False

    async def _send_play(self, play: Play) -> None:
        try:
            for place, clause in enumerate(play.clauses):
                if play.cut:
                    return
                speech = await self._phrases.speech(clause)
                last = place == len(play.clauses) - 1
                pause = b"" if last else bytes(_pause_bytes(clause))
                await self._send_clause(play, clause, speech + pause, last=last)
        except CordboardError:
            # The engine or the port is away: the conversation decides what that means.
            play.failed = True
            self._plays.pop(play.play_id, None)
            self._notify(play)

    async def _send_clause(self, play: Play, clause: str, pcm: bytes, *, last: bool) -> None:
        # Cut while the engine was at work: nothing of it may follow the flush.
        if play.cut:
            return
        play.spoken.append(SpokenClause(clause, len(pcm) * 1_000_000 // BYTES_PER_SECOND))
        pieces = [pcm[at : at + PIECE_BYTES] for at in range(0, len(pcm), PIECE_BYTES)] or [b""]
        for number, piece in enumerate(pieces):
            final = last and number == len(pieces) - 1
            await self._send(
                AttachAudioRequest(speech=Speech(play_id=play.play_id, turn_id=play.turn_id, pcm=piece, last=final))
            )
            if not play.first_sent_us:
                play.first_sent_us = self._clock_us()
                self._notify(play)

    async def _send(self, request: AttachAudioRequest) -> None:
        await self._port.send(request)


def _pause_bytes(clause: str) -> int:
    pause_ms = PAUSE_AFTER_SENTENCE_MS if clause.rstrip().endswith((".", "?", "!")) else PAUSE_AFTER_CLAUSE_MS
    return pause_ms * SAMPLE_RATE // 1000 * 2
