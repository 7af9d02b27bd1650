"""Notices far ends that vanished without a word."""

from cordboard.media.v1.leg_pb2 import LEG_STATE_ENDED
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.leg import Leg
from cordboard.media_node.room import Room

# Together less than 4 s from the last packet to the leg's end.
SILENCE_US = 3_500_000
_LOOK_US = 250_000


class Liveness:
    """Ends a connected leg with SILENT when nothing (RTP, RTCP, STUN) came from it for `SILENCE_US`.

    All kinds count together: a muted browser sends no audio but still proves its ICE consent, a dead one does
    neither.
    """

    def __init__(self, room: Room, clock: Clock) -> None:
        """Begin to watch the room."""
        self._room = room
        self._clock = clock
        self._ticker = Ticker(clock, _LOOK_US, self._look)

    def leg_connected(self, leg: Leg) -> None:
        """Do nothing: legs are looked at in turn."""

    def leg_ending(self, leg: Leg) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Watch no more."""
        self._ticker.stop()

    def _look(self) -> None:
        now = self._clock.now_us()
        for leg in self._room.legs():
            leg_id = leg.identity.leg_id
            heard_us = leg.last_heard_us
            if heard_us is not None and self._room.is_connected(leg_id) and now - heard_us >= SILENCE_US:
                self._room.ended(leg_id, LEG_STATE_ENDED, "SILENT")
