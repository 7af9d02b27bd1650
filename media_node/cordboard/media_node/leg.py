"""The seam between a room and whatever carries one participant's media."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cordboard.media.v1.leg_pb2 import LegRole, LegState, LegTransport
from cordboard.media_node.data_plane import LegCounters, Tap
from cordboard.media_node.egress import OutStream


@dataclass(frozen=True, slots=True)
class LegIdentity:
    """What a leg is to its call."""

    leg_id: str
    role: LegRole.ValueType
    transport: LegTransport.ValueType
    # A passive leg only listens: nobody can hear it, whatever the routing says.
    passive: bool = False


@dataclass(frozen=True, slots=True)
class FarReport:
    """What the far end reported by RTCP of what it was sent."""

    round_trip_us: int = 0
    fraction_lost: float = 0.0
    jitter_us: int = 0


class LegHost(Protocol):
    """What a leg tells its room."""

    def connected(self, leg_id: str) -> None:
        """Media can flow."""
        ...

    def ended(self, leg_id: str, state: LegState.ValueType, reason: str) -> None:
        """The leg is over (LEG_STATE_ENDED) or never came about (LEG_STATE_FAILED)."""
        ...

    def counters(self, leg_id: str) -> LegCounters:
        """What the leg received and was sent, for its reports."""
        ...

    def received(self, leg_id: str, batch: Sequence[bytes], arrival_us: int) -> None:
        """The far end sent these plain RTP packets; telephone events among them have the type rtp.EVENT_TYPE."""
        ...

    def pressed(self, leg_id: str, digit: str) -> None:
        """The far end pressed a key: one of dtmf.DIGITS."""
        ...


class Leg(Protocol):
    """One participant's media. It reports to its host and sends what it is given."""

    @property
    def identity(self) -> LegIdentity:
        """What the leg is to its call."""
        ...

    @property
    def streams(self) -> Sequence[OutStream]:
        """The streams it can be sent on; empty when it listens by a tap or not at all."""
        ...

    @property
    def tap(self) -> Tap | None:
        """Where it wants to be shown what it hears, when it takes no streams."""
        ...

    @property
    def last_heard_us(self) -> int | None:
        """When its far end was last heard of; None when that says nothing."""
        ...

    def start(self) -> None:
        """Begin to connect; the outcome goes to the host."""
        ...

    def send(self, batch: Sequence[bytes]) -> None:
        """Put plain RTP packets onto the wire."""
        ...

    def rerouted(self, sources: set[str]) -> None:
        """Take note that the routing, or who is connected, changed; it hears `sources` now."""
        ...

    def flush(self, play_id: str) -> None:
        """Cut off what it plays under that id, if it does."""
        ...

    def far_report(self) -> FarReport:
        """Tell what the far end last reported."""
        ...

    async def close(self) -> None:
        """Let go of the far end and of all resources; no word goes to the host after this."""
        ...
