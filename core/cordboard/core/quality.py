"""Listening quality by the E-model: ITU-T G.107.2 (fullband).

A planning value, not a measurement: no official impairment values exist for Opus, so those of EVS-SWB at 24.4 kbit/s
(G.113 Appendix V, provisional) stand in for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import log2, pow

_R_MAX = 148.0
_SCALE = 1.48  # fullband ratings run to 148, the MOS curve of G.107 Annex B to 100
_DELAY_FREE_MS = 100.0


@dataclass(frozen=True, slots=True)
class CodecImpairment:
    """What a codec costs by itself (Ie) and how well it hides loss (Bpl)."""

    ie: float
    bpl: float


OPUS_24K = CodecImpairment(ie=7.2, bpl=11.4)
"""Stand-in for Opus mono at 24 kbit/s."""

PACKET = timedelta(milliseconds=20)
"""Duration of a packet, which is the delay of collecting it."""


def delay_impairment(one_way: timedelta) -> float:
    """Id, delay part (G.107.2 7.4): none up to 100 ms, then rising to 1.48 * 25 for very long delays."""
    ms = one_way / timedelta(milliseconds=1)
    if ms <= _DELAY_FREE_MS:
        return 0.0
    x = log2(ms / _DELAY_FREE_MS)
    return _SCALE * 25.0 * (pow(1 + pow(x, 6), 1 / 6) - 3 * pow(1 + pow(x / 3, 6), 1 / 6) + 2)


def loss_impairment(loss: float, codec: CodecImpairment = OPUS_24K, burst_ratio: float = 1.0) -> float:
    """Ie,eff (G.107.2 7.5) for a share of lost packets between 0 and 1; `burst_ratio` 1 is random loss."""
    percent = min(max(loss, 0.0), 1.0) * 100
    return codec.ie + (132 - codec.ie) * percent / (percent / max(burst_ratio, 1.0) + codec.bpl)


def rating(loss: float, one_way: timedelta, codec: CodecImpairment = OPUS_24K) -> float:
    """R on the fullband scale, between 0 and 148."""
    r = _R_MAX - delay_impairment(one_way) - loss_impairment(loss, codec)
    return min(max(r, 0.0), _R_MAX)


def mos_of_rating(r: float) -> float:
    """MOS, between 1 and 4.5, of a fullband rating (G.107 Annex B on R / 1.48)."""
    scaled = min(max(r / _SCALE, 0.0), 100.0)
    curve = 1 + 0.035 * scaled + scaled * (scaled - 60) * (100 - scaled) * 7e-6
    # The cubic dips below 1 for the smallest ratings.
    return min(max(curve, 1.0), 4.5)


def one_way_delay(round_trip: timedelta, jitter: timedelta) -> timedelta:
    """Mouth-to-ear delay as far as one end can tell: a packet, half the way there and back, a jitter buffer.

    Two mean deviations of jitter stand for the buffer that hides it.
    """
    return PACKET + round_trip / 2 + 2 * jitter


def mos(loss: float, round_trip: timedelta, jitter: timedelta, codec: CodecImpairment = OPUS_24K) -> float:
    """MOS as a planning value: share of lost packets between 0 and 1, round trip and jitter as RTCP tells them.

    Late packets count as lost: pass the larger of lost and concealed where the receiver knows both.
    """
    return mos_of_rating(rating(loss, one_way_delay(round_trip, jitter), codec))
