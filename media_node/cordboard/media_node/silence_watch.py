"""Tells when a leg has fallen silent."""

from collections.abc import Callable, Sequence

from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.data_plane import DataPlane, Tapped
from cordboard.media_node.opus import FRAME_US, HearingDecoder, level_dbov
from cordboard.media_node.rtp import parse_rtp

LOUD_DBOV = -45.0
"""Speech into a telephone is above this, the noise of a quiet room below (both measured over 20 ms)."""
_LOUD_FRAMES = 5
"""So many loud frames, not far apart, are no click."""
_FRAMES_APART = 10
_LOOK_US = 200_000
_TAP = "silence"


class SilenceWatch:
    """Listens to one leg until it has been silent for `quiet_us`, tells so once, and stops."""

    def __init__(
        self, leg_id: str, quiet_us: int, plane: DataPlane, clock: Clock, told: Callable[[str, int, bool], None]
    ) -> None:
        """Begin; `told` is given the leg, for how many microseconds it was silent, and whether it had spoken."""
        self.leg_id = leg_id
        self._quiet_us = quiet_us
        self._plane = plane
        self._clock = clock
        self._told = told
        self._decoder = HearingDecoder()
        self._loud = 0
        self._loud_us = -_FRAMES_APART * FRAME_US
        self._spoke = False
        self._since_us = clock.now_us()
        self._ticker = Ticker(clock, _LOOK_US, self._look)
        plane.tap(leg_id, _TAP, self._hear)

    def stop(self) -> None:
        """Listen no more."""
        self._ticker.stop()
        self._plane.tap(self.leg_id, _TAP, None)

    def _hear(self, _: str, batch: Sequence[Tapped]) -> None:
        for tapped in batch:
            packet = parse_rtp(tapped.data)
            if packet is not None and level_dbov(self._decoder.decode(packet.payload)) > LOUD_DBOV:
                self._note_loud(tapped.arrival_us)

    def _note_loud(self, at_us: int) -> None:
        near = at_us - self._loud_us <= _FRAMES_APART * FRAME_US
        self._loud = self._loud + 1 if near else 1
        self._loud_us = at_us
        if self._loud >= _LOUD_FRAMES:
            self._since_us = at_us
            self._spoke = True

    def _look(self) -> None:
        quiet_us = self._clock.now_us() - self._since_us
        if quiet_us >= self._quiet_us:
            self.stop()
            self._told(self.leg_id, quiet_us, self._spoke)
