"""The seam between deciding who hears whom and moving the packets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cordboard.media_node.egress import EgressCounters, OutStream
from cordboard.media_node.reception import ReceptionCounters


@dataclass(frozen=True, slots=True)
class Tapped:
    """A packet as the plane took it in: plain RTP, before any jitter buffer."""

    arrival_us: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LegCounters:
    """What one leg received and was sent."""

    reception: ReceptionCounters = field(default_factory=ReceptionCounters)
    sent: Sequence[EgressCounters] = field(default_factory=tuple)
    unheard_sources: int = 0


Tap = Callable[[str, Sequence[Tapped]], None]


class Wire(Protocol):
    """The sending end of a leg."""

    def send(self, batch: Sequence[bytes]) -> None:
        """Put plain RTP packets onto the wire, in order. This is the only writer of RTP on the leg."""
        ...


class DataPlane(Protocol):
    """Moves the packets of one room between its legs.

    Packets travel as batches of plain RTP bytes, so that an implementation in another language can take them
    over without a call per packet.
    """

    def open(self, leg_id: str, wire: Wire, streams: Sequence[OutStream], *, may_speak: bool) -> None:
        """Take in a connected leg that can be sent `streams`; what it sends is dropped unless it `may_speak`."""
        ...

    def close(self, leg_id: str) -> None:
        """Forget a leg and its streams; nothing happens when it is not there."""
        ...

    def receive(self, leg_id: str, batch: Sequence[bytes], arrival_us: int) -> None:
        """Take packets that a leg's far end sent; telephone events (rtp.EVENT_TYPE) are counted and no more."""
        ...

    def set_routes(self, hears: Mapping[str, Sequence[str]]) -> None:
        """Set who hears whom, by the leg that hears; it holds for legs that are opened later as well."""
        ...

    def tap(self, leg_id: str, name: str, tap: Tap | None) -> None:
        """Show what a leg sends (or is injected for it) to `tap` as well; None takes the tap of that name off."""
        ...

    def inject(self, leg_id: str, batch: Sequence[bytes], now_us: int) -> None:
        """Send packets as if `leg_id` had sent them; telephone events go to those who take them."""
        ...

    def counters(self, leg_id: str) -> LegCounters:
        """Tell what a leg received and was sent; empty when it is not there."""
        ...
