"""Figures of a call out of its facts: quality by leg, latency by stage."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration

from cordboard.call.v1.facts_pb2 import QualityMeasured, TurnMeasured
from cordboard.call.v1.outcome_pb2 import LegQuality, StageLatency
from cordboard.core.call_state import CallState
from cordboard.media.v1.leg_pb2 import LEG_ROLE_UNSPECIFIED

WHOLE: Final = "speech_end_to_reply"
"""Name of the latency from the end of the caller's speech to the first audio of the reply."""


def leg_quality(measured: Iterable[QualityMeasured], state: CallState) -> list[LegQuality]:
    """Sum up the measured intervals of each leg, in order of leg id; a leg without packets has none."""
    by_leg: dict[str, list[QualityMeasured]] = defaultdict(list)
    for one in measured:
        if one.packets_received:
            by_leg[one.leg_id].append(one)
    return [_quality(leg_id, by_leg[leg_id], state) for leg_id in sorted(by_leg)]


def _quality(leg_id: str, intervals: Sequence[QualityMeasured], state: CallState) -> LegQuality:
    packets = sum(one.packets_received for one in intervals)
    leg = state.leg(leg_id)
    return LegQuality(
        leg_id=leg_id,
        role=leg.role if leg is not None else LEG_ROLE_UNSPECIFIED,
        mos=sum(one.mos * one.packets_received for one in intervals) / packets,
        worst_mos=min(one.mos for one in intervals),
        packets_received=packets,
        packets_lost=sum(one.packets_lost for one in intervals),
    )


def stage_latency(turns: Iterable[TurnMeasured]) -> list[StageLatency]:
    """Give median and 95th percentile of each stage, the whole first, then in the order in which stages first came."""
    times: dict[str, list[timedelta]] = defaultdict(list)
    for turn in turns:
        times[WHOLE].append(turn.speech_end_to_reply.ToTimedelta())
        for stage in turn.stages:
            times[stage.stage].append(stage.took.ToTimedelta())
    return [
        StageLatency(
            stage=stage, p50=_duration(percentile(took, 50)), p95=_duration(percentile(took, 95)), turns=len(took)
        )
        for stage, took in times.items()
    ]


def percentile(times: Sequence[timedelta], percent: int) -> timedelta:
    """Give the smallest time that so many percent of the times do not exceed (nearest rank)."""
    ordered = sorted(times)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def _duration(took: timedelta) -> Duration:
    message = Duration()
    message.FromTimedelta(took)
    return message
