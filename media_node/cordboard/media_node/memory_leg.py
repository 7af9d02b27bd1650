"""A leg in memory, for tests and for replay without sockets."""

from __future__ import annotations

from collections.abc import Sequence

from cordboard.media.v1.leg_pb2 import LEG_STATE_ENDED
from cordboard.media_node.clock import Clock
from cordboard.media_node.data_plane import Tap
from cordboard.media_node.egress import OutStream
from cordboard.media_node.leg import FarReport, LegHost, LegIdentity


class MemoryLeg:
    """A `Leg` whose far end is whoever calls `connect`, `speak` and `hang_up`; `heard` is what it was sent."""

    def __init__(self, identity: LegIdentity, host: LegHost, clock: Clock, streams: Sequence[OutStream]) -> None:
        """Make a leg that is not connected."""
        self.heard: list[bytes] = []
        self.closed = False
        self._identity = identity
        self._host = host
        self._clock = clock
        self._streams = tuple(streams)
        self._last_heard_us: int | None = None

    @property
    def identity(self) -> LegIdentity:
        """What the leg is to its call."""
        return self._identity

    @property
    def streams(self) -> Sequence[OutStream]:
        """The streams it can be sent on."""
        return self._streams

    @property
    def tap(self) -> Tap | None:
        """None: it takes streams."""
        return None

    @property
    def last_heard_us(self) -> int | None:
        """When `connect` or `speak` was last called."""
        return self._last_heard_us

    def start(self) -> None:
        """Wait for the far end to connect."""

    def send(self, batch: Sequence[bytes]) -> None:
        """Let the far end hear."""
        self.heard.extend(batch)

    def rerouted(self, sources: set[str]) -> None:
        """Do nothing."""

    def flush(self, play_id: str) -> None:
        """Do nothing: it plays nothing by itself."""

    def far_report(self) -> FarReport:
        """Report a perfect path."""
        return FarReport()

    async def close(self) -> None:
        """Be over."""
        self.closed = True

    def connect(self) -> None:
        """Connect, as the far end."""
        self._last_heard_us = self._clock.now_us()
        self._host.connected(self._identity.leg_id)

    def speak(self, batch: Sequence[bytes]) -> None:
        """Send RTP packets, as the far end."""
        if not self.closed:
            self._last_heard_us = self._clock.now_us()
            self._host.received(self._identity.leg_id, batch, self._last_heard_us)

    def press(self, digits: str) -> None:
        """Press keys, as the far end."""
        if not self.closed:
            self._last_heard_us = self._clock.now_us()
            for digit in digits:
                self._host.pressed(self._identity.leg_id, digit)

    def hang_up(self) -> None:
        """Say goodbye, as the far end."""
        self._host.ended(self._identity.leg_id, LEG_STATE_ENDED, "CLIENT_CLOSED")
