"""The leg of a voice agent: it hears PCM and speaks PCM over the node's AttachAudio stream."""

import asyncio
import hmac
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from google.protobuf.duration_pb2 import Duration

from cordboard.core.errors import ConflictError, ForbiddenError
from cordboard.media.v1.media_node_service_pb2 import (
    AttachAudioResponse,
    Attached,
    HeardAudio,
    Playout,
    Speech,
)
from cordboard.media_node.clock import Clock
from cordboard.media_node.data_plane import Tap, Tapped
from cordboard.media_node.egress import OutStream
from cordboard.media_node.hearing import Hearing
from cordboard.media_node.leg import FarReport, LegIdentity
from cordboard.media_node.randomness import Randomness
from cordboard.media_node.rtp import parse_rtp
from cordboard.media_node.speaking import PlayProgress, SpeechPlayer

# A voice agent that reads nothing for this many messages (10 s) loses the oldest audio.
_MOST_WAITING = 500
_STATES = {
    "started": Playout.STATE_STARTED,
    "finished": Playout.STATE_FINISHED,
    "flushed": Playout.STATE_FLUSHED,
}


class PortHost(Protocol):
    """What a port needs of its room; while `gated`, nothing that is heard may be transcribed."""

    gated: bool

    def connected(self, leg_id: str) -> None:
        """Media can flow."""
        ...

    def media_us(self) -> int:
        """Tell the call's media time."""
        ...

    def is_heard(self, leg_id: str) -> bool:
        """True when a connected leg hears this one."""
        ...

    def inject(self, leg_id: str, batch: Sequence[bytes]) -> None:
        """Send RTP packets as if this leg had sent them."""
        ...

    def port_changed(self, leg_id: str, attached: bool, reason: str) -> None:
        """A voice agent came or went."""
        ...

    def play_progressed(self, leg_id: str, progress: PlayProgress) -> None:
        """Speech began, ended or was cut off on the wire."""
        ...


class Attachment:
    """One AttachAudio stream: the messages that wait for the voice agent."""

    def __init__(self) -> None:
        """Make a stream on which nothing waits."""
        self._waiting: deque[AttachAudioResponse] = deque()
        self._news = asyncio.Event()
        self.replaced = False
        self.closed = False

    def put(self, response: AttachAudioResponse) -> None:
        """Send a message. Audio makes room for what is newer; a word about a play or the port is never dropped."""
        if len(self._waiting) >= _MOST_WAITING:
            at = next((at for at, one in enumerate(self._waiting) if one.HasField("audio")), None)
            if at is not None:
                del self._waiting[at]
        self._waiting.append(response)
        self._news.set()

    def end(self, *, replaced: bool = False) -> None:
        """End the stream after what waits."""
        self.closed = True
        self.replaced = replaced
        self._news.set()

    async def messages(self) -> AsyncIterator[AttachAudioResponse]:
        """Give the messages to the end. Raises ConflictError(REPLACED) when another stream took this one's place."""
        while self._waiting or not self.closed:
            if self._waiting:
                yield self._waiting.popleft()
            else:
                self._news.clear()
                await self._news.wait()
        if self.replaced:
            raise ConflictError("REPLACED", "another stream took the port")


class PcmPort:
    """A `Leg` without a wire: it takes what it hears by a tap and injects what it says."""

    def __init__(
        self, identity: LegIdentity, host: PortHost, clock: Clock, randomness: Randomness, origin_us: int
    ) -> None:
        """Make a port that nobody attached to; `origin_us` is when the call's media time was 0."""
        self.token = randomness.token()
        self._identity = identity
        self._host = host
        self._attachment: Attachment | None = None
        self._ever_attached = False
        self._hearing = Hearing(clock, origin_us, self._heard)
        self._player = SpeechPlayer(
            clock,
            lambda data: host.inject(identity.leg_id, (data,)),
            lambda: host.is_heard(identity.leg_id),
            self._progressed,
            ssrc=randomness.bits(32),
            first_timestamp=randomness.bits(31),
        )

    @property
    def identity(self) -> LegIdentity:
        """What the leg is to its call."""
        return self._identity

    @property
    def streams(self) -> Sequence[OutStream]:
        """None: it listens by a tap."""
        return ()

    @property
    def tap(self) -> Tap | None:
        """Where it is shown what it hears."""
        return self._tapped

    @property
    def last_heard_us(self) -> int | None:
        """None: gRPC tells when the agent is gone."""
        return None

    def start(self) -> None:
        """Begin to keep the outgoing stream alive; audio is heard once an agent attaches."""
        self._player.start()

    def send(self, batch: Sequence[bytes]) -> None:
        """Do nothing: there are no streams."""

    def far_report(self) -> FarReport:
        """Report a perfect path."""
        return FarReport()

    async def close(self) -> None:
        """End the stream of the agent and drop what was not said."""
        self._player.stop()
        self._hearing.stop()
        attachment, self._attachment = self._attachment, None
        if attachment is not None:
            attachment.end()
            self._host.port_changed(self._identity.leg_id, False, "REMOVED")

    def rerouted(self, sources: set[str]) -> None:
        """Forget sources that were taken away, and look again whether somebody listens."""
        self._hearing.retain(sources)
        self._player.wake()

    def attach(self, token: str) -> Attachment:
        """Open a stream, which takes the place of the one before. Raises ForbiddenError(LEG_TOKEN_WRONG)."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise ForbiddenError("LEG_TOKEN_WRONG", "the leg token does not open this port")
        before, self._attachment = self._attachment, Attachment()
        if before is not None:
            self._player.complete()
            before.end(replaced=True)
        else:
            self._hearing.start()
        self._attachment.put(AttachAudioResponse(attached=Attached(media_us=self._host.media_us())))
        if not self._ever_attached:
            self._ever_attached = True
            self._host.connected(self._identity.leg_id)
        if before is None:
            self._host.port_changed(self._identity.leg_id, True, "")
        return self._attachment

    def detach(self, attachment: Attachment, reason: str) -> None:
        """Note that a stream ended: what was queued is still said."""
        if attachment is self._attachment:
            self._attachment = None
            self._hearing.stop()
            self._player.complete()
            self._host.port_changed(self._identity.leg_id, False, reason)
        if not attachment.closed:
            attachment.end()

    def speak(self, speech: Speech) -> None:
        """Queue a piece of speech. Raises ExhaustedError(SPEECH_TOO_LONG)."""
        self._player.add(speech.play_id, speech.turn_id, speech.pcm, last=speech.last)

    def flush(self, play_id: str) -> None:
        """Cut off what is played, all of it when `play_id` is empty."""
        self._player.flush(play_id)

    def _tapped(self, leg_id: str, packets: Sequence[Tapped]) -> None:
        if self._attachment is None:
            return
        for tapped in packets:
            packet = parse_rtp(tapped.data)
            if packet is not None:
                self._hearing.push(leg_id, packet, tapped.arrival_us)

    def _heard(self, media_us: int, pcm: bytes) -> None:
        if self._attachment is not None:
            gated = self._host.gated
            audio = HeardAudio(media_us=media_us, pcm=bytes(len(pcm)) if gated else pcm, gated=gated)
            self._attachment.put(AttachAudioResponse(audio=audio))

    def _progressed(self, progress: PlayProgress) -> None:
        self._host.play_progressed(self._identity.leg_id, progress)
        if self._attachment is not None:
            sent = Duration()
            sent.FromMicroseconds(progress.sent_us)
            playout = Playout(
                play_id=progress.play_id,
                state=_STATES[progress.what],
                sent=sent,
                media_us=self._host.media_us(),
            )
            self._attachment.put(AttachAudioResponse(playout=playout))
