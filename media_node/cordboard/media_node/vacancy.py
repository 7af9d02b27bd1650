"""Notices rooms that everybody has left and nobody closes."""

from collections.abc import Callable

from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT, LEG_ROLE_SUPERVISOR
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.leg import Leg
from cordboard.media_node.room import Room

# Far longer than a caller takes to come back, or a callee to answer.
VACANT_US = 300_000_000
_LOOK_US = 10_000_000
_PEOPLE = frozenset({LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT, LEG_ROLE_SUPERVISOR})


class Vacancy:
    """Tells once when no person has had a leg in the room for `VACANT_US`.

    A workflow that ends in order closes its room; one that was terminated, or ran into its time limit, does not.
    """

    def __init__(self, room: Room, clock: Clock, vacant: Callable[[], None]) -> None:
        """Begin to watch the room."""
        self._room = room
        self._clock = clock
        self._vacant = vacant
        self._empty_since_us = clock.now_us()
        self._ticker = Ticker(clock, _LOOK_US, self._look)

    def leg_connected(self, leg: Leg) -> None:
        """Do nothing: the room is looked at now and then."""

    def leg_ending(self, leg: Leg) -> None:
        """Count from here when the last person goes."""
        if leg.identity.role in _PEOPLE:
            self._empty_since_us = self._clock.now_us()

    def stop(self) -> None:
        """Watch no more."""
        self._ticker.stop()

    def _look(self) -> None:
        if any(leg.identity.role in _PEOPLE for leg in self._room.legs()):
            self._empty_since_us = self._clock.now_us()
        elif self._clock.now_us() - self._empty_since_us >= VACANT_US:
            self._ticker.stop()
            self._vacant()
