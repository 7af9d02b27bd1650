"""Where captured packets belong in media time.

A packet says when it arrived, which the network has delayed, and how its sender counts time, which has no origin. The
earliest that a sender's packets ever come tells where its count begins: of all packets of a segment the one that was
delayed least counts. A sender whose clock runs otherwise than the node's drifts from there; as soon as it has drifted
by `TOLERANCE_US` it is moved, so that two hours stay aligned.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cordboard.media.v1.capture_pb2 import CapturedPacket

CLOCK_HZ: Final = 48_000
TOLERANCE_US: Final = 10_000
"""So far a place may be off before it is corrected."""

BREAK_US: Final = 1_000_000
"""A sender that stops counting, or starts anew, is one whose count and arrivals differ by more than this."""

_WRAP_TIMESTAMP = 1 << 32
_WRAP_SEQUENCE = 1 << 16


@dataclass(frozen=True, slots=True)
class PlacedPacket:
    """An Opus payload, and the media time of its first sample. `fresh` when nothing goes before it without a gap."""

    at_us: int
    payload: bytes
    fresh: bool


@dataclass(slots=True)
class _Run:
    """Packets of one sender whose count of time is one."""

    ssrc: int
    origin: int
    """Media time of the count's zero, in microseconds."""
    timestamp: int
    """Newest count, without wrapping round."""
    sequence: int
    arrival_us: int


@dataclass(frozen=True, slots=True)
class _Counted:
    packet: CapturedPacket
    timestamp: int
    sequence: int


class Placement:
    """Places one leg's packets, segment by segment."""

    def __init__(self) -> None:
        """Know no sender yet."""
        self._run: _Run | None = None
        self._next: int | None = None
        self.packets = 0
        self.lost = 0
        """Packets that never came."""

    def place(self, packets: Sequence[CapturedPacket]) -> list[PlacedPacket]:
        """Place the packets of the next segment, in order of their times; repeats are left out."""
        placed: list[PlacedPacket] = []
        for run, counted in self._runs(packets):
            origin = min(one.packet.arrival_us - _us(one.timestamp) for one in counted)
            if abs(origin - run.origin) > TOLERANCE_US or run.origin == _UNPLACED:
                run.origin = origin
            placed += self._ordered(run, counted)
        self.packets += len(placed)
        return placed

    def _ordered(self, run: _Run, counted: Iterable[_Counted]) -> Iterator[PlacedPacket]:
        seen: set[int] = set()
        for one in sorted(counted, key=lambda each: each.sequence):
            if one.sequence in seen or (self._next is not None and one.sequence < self._next):
                continue
            seen.add(one.sequence)
            gap = 0 if self._next is None else one.sequence - self._next
            self.lost += gap
            fresh = self._next is None or gap > 0
            self._next = one.sequence + 1
            yield PlacedPacket(run.origin + _us(one.timestamp), one.packet.payload, fresh)

    def _runs(self, packets: Sequence[CapturedPacket]) -> Iterator[tuple[_Run, list[_Counted]]]:
        """Group packets by sender and count; a group is to be used before the next one is asked for."""
        group: list[_Counted] = []
        for packet in packets:
            counted = self._count(packet)
            if counted is None:
                if group and self._run is not None:
                    yield self._run, group
                group = [self._begin(packet)]
            else:
                group.append(counted)
        if group and self._run is not None:
            yield self._run, group

    def _count(self, packet: CapturedPacket) -> _Counted | None:
        """Count a packet on with the run before it; None when it does not go on from there."""
        run = self._run
        if run is None or packet.ssrc != run.ssrc:
            return None
        timestamp = _unwrapped(packet.timestamp, run.timestamp, _WRAP_TIMESTAMP)
        sequence = _unwrapped(packet.sequence, run.sequence, _WRAP_SEQUENCE)
        behind = (packet.arrival_us - run.arrival_us) - _us(timestamp - run.timestamp)
        if abs(behind) > BREAK_US and sequence > run.sequence:
            return None
        if sequence > run.sequence:
            run.timestamp, run.sequence, run.arrival_us = timestamp, sequence, packet.arrival_us
        return _Counted(packet, timestamp, sequence)

    def _begin(self, packet: CapturedPacket) -> _Counted:
        if self._run is not None and packet.ssrc == self._run.ssrc:
            sequence = _unwrapped(packet.sequence, self._run.sequence, _WRAP_SEQUENCE)
        else:
            sequence, self._next = packet.sequence, None
        timestamp = packet.timestamp
        self._run = _Run(packet.ssrc, _UNPLACED, timestamp, sequence, packet.arrival_us)
        return _Counted(packet, timestamp, sequence)


_UNPLACED: Final = -(1 << 62)


def _us(count: int) -> int:
    return count * 1_000_000 // CLOCK_HZ


def _unwrapped(value: int, near: int, wrap: int) -> int:
    """The number nearest to `near` that is `value` on the wire."""
    ahead = (value - near) % wrap
    return near + (ahead if ahead < wrap // 2 else ahead - wrap)
