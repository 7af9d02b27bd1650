"""Prepared sounds that are played to legs which hear nothing else."""

from collections.abc import Callable, Collection, Mapping, Sequence

from cordboard.core.errors import ConflictError, InvalidError
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.opus import FRAME_US
from cordboard.media_node.prepared_sounds import prepared_sound
from cordboard.media_node.rtp import SAMPLES_PER_MS, RtpPacket, build_rtp
from cordboard.media_node.speaking import PlayProgress

_STEP = SAMPLES_PER_MS * FRAME_US // 1_000


class _Playing:
    """One sound, sent packet by packet at the clock's pace."""

    def __init__(self, play_id: str, leg_ids: Sequence[str], payloads: Sequence[bytes], loop: bool) -> None:
        self.play_id = play_id
        self.leg_ids = tuple(dict.fromkeys(leg_ids))
        self.source = f"play/{play_id}"
        self.sent = 0
        self.ticker: Ticker | None = None
        self._payloads = payloads
        self._loop = loop

    @property
    def over(self) -> bool:
        return not self._loop and self.sent >= len(self._payloads)

    def next_packet(self) -> bytes:
        payload = self._payloads[self.sent % len(self._payloads)]
        packet = RtpPacket(111, self.sent == 0, self.sent & 0xFFFF, (self.sent * _STEP) & 0xFFFF_FFFF, 1, payload)
        self.sent += 1
        return build_rtp(packet)


class SoundBoard:
    """Plays sounds in one room. A sound goes on unheard while its leg hears somebody, and is heard again after."""

    def __init__(
        self,
        clock: Clock,
        send: Callable[[str, bytes], None],
        rerouted: Callable[[], None],
        progress: Callable[[str, PlayProgress], None],
    ) -> None:
        """Make a silent board. `send` takes a source's packet; `rerouted` is called when `overlay` has changed."""
        self._clock = clock
        self._send = send
        self._rerouted = rerouted
        self._progress = progress
        self._playing: dict[str, _Playing] = {}

    def play(self, play_id: str, leg_ids: Sequence[str], sound: str, *, loop: bool) -> None:
        """Begin a sound. Raises InvalidError(PLAY_INVALID), NotFoundError(SOUND_NOT_FOUND), ConflictError(PLAY_EXISTS).

        Legs need not be there (yet).
        """
        if not play_id or not leg_ids:
            raise InvalidError("PLAY_INVALID", "a play needs play_id and leg_ids")
        if play_id in self._playing:
            raise ConflictError("PLAY_EXISTS", "something is played under that id", play_id=play_id)
        playing = _Playing(play_id, leg_ids, prepared_sound(sound), loop)
        self._playing[play_id] = playing
        playing.ticker = Ticker(self._clock, FRAME_US, lambda: self._tick(playing))
        self._rerouted()
        self._tell(playing, "started")

    def flush(self, play_id: str) -> None:
        """Stop a sound, or all when `play_id` is empty."""
        for playing in list(self._playing.values()):
            if not play_id or playing.play_id == play_id:
                self._end(playing, "flushed")

    def overlay(self, hears: Mapping[str, Sequence[str]], connected: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Give the routes with the sounds in them, for legs that hear no connected leg."""
        if not self._playing:
            return hears
        routes = dict(hears)
        for playing in self._playing.values():
            for leg_id in playing.leg_ids:
                if not any(source in connected for source in hears.get(leg_id, ())):
                    routes[leg_id] = (playing.source,)
        return routes

    def _tick(self, playing: _Playing) -> None:
        self._send(playing.source, playing.next_packet())
        if playing.over:
            self._end(playing, "finished")

    def _end(self, playing: _Playing, what: str) -> None:
        del self._playing[playing.play_id]
        if playing.ticker is not None:
            playing.ticker.stop()
        self._rerouted()
        self._tell(playing, what)

    def _tell(self, playing: _Playing, what: str) -> None:
        for leg_id in playing.leg_ids:
            self._progress(leg_id, PlayProgress(playing.play_id, "", what, playing.sent * FRAME_US))
