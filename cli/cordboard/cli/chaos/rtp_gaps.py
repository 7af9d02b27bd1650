"""How long a listener was without sound that should have been there, told from what came over RTP.

Pure: the frames of a caller's record go in. Speech comes as a packet every 20 ms; after its end five silent packets
follow, and then one every 400 ms whose timestamp says that nothing is missing. So a packet is late by what its arrival
differs from its timestamp, and a jump of timestamps is a hole in speech unless silence came before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cordboard.cli.demo.sound import AUDIBLE_DBOV, OPUS_RATE

PACKET_MS = 20.0
REST_MS = 420.0
"""From the last of the five silent packets to the next one."""
_FADE_OUT = 4
"""One less than are sent: the decoder lets the last sound ring on through the first."""
_NEAR_S = 0.1


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it arrived: by the monotonic clock in seconds, its timestamp at 48 kHz, its level in dBov."""

    at: float
    timestamp: int
    level: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Sound that was missing for `ms` beyond the rhythm of the packets, up to a moment."""

    at: float
    ms: float


def packets_of(received: Sequence[Sequence[float]]) -> list[Packet]:
    """Read the packets from a caller's record of decoded frames: arrival, timestamp, level.

    The caller's decoder gives out a frame when the next packet comes, so an arrival is that of the packet after it.
    """
    return [Packet(before[0], int(after[1]), after[2]) for before, after in pairwise(received)]


def gaps_of(packets: Sequence[Packet]) -> list[Gap]:
    """Tell for every packet but the first how much sound was missing before it."""
    gaps = []
    for number, (before, packet) in enumerate(pairwise(packets), start=1):
        step_ms = (packet.timestamp - before.timestamp) * 1000 / OPUS_RATE
        late_ms = (packet.at - before.at) * 1000 - step_ms
        faded = packets[max(0, number - _FADE_OUT) : number]
        hole_ms = 0.0 if _is_silent(faded) or _is_rest(faded, packet, step_ms) else step_ms - PACKET_MS
        gaps.append(Gap(packet.at, max(0.0, late_ms, hole_ms)))
    return gaps


def _is_silent(packets: Sequence[Packet]) -> bool:
    return all(one.level <= AUDIBLE_DBOV for one in packets)


def _is_rest(faded: Sequence[Packet], packet: Packet, step_ms: float) -> bool:
    """Tell whether a jump is the first rest after speech that was cut off, which rings on for a packet more.

    It is as long as rests are, to the sample, and silent at both ends.
    """
    return step_ms == REST_MS and len(faded) == _FADE_OUT and _is_silent([*faded[1:], packet])


def less_own_stalls(gaps: Iterable[Gap], stalls: Sequence[Sequence[float]]) -> list[Gap]:
    """Take from each gap what the listener itself was kept from running meanwhile: a stall is its end and its length.

    A process that does not run receives nothing, whatever the far end sends.
    """
    cut = []
    for gap in gaps:
        since, until = gap.at - gap.ms / 1000 - _NEAR_S, gap.at + _NEAR_S
        stalled = max((late for at, late in stalls if since <= at <= until), default=0.0)
        cut.append(Gap(gap.at, max(0.0, gap.ms - stalled * 1000)))
    return cut


def longest_ms(gaps: Iterable[Gap], spans: Sequence[tuple[float, float]], *, within: bool) -> float:
    """Give the longest gap that was over within spans of the monotonic clock, or outside of them; 0 for none."""
    return max((gap.ms for gap in gaps if any(a <= gap.at < b for a, b in spans) is within), default=0.0)
