"""How a call sounds, out of how its turns sound."""

from collections.abc import Sequence
from typing import Final

from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.wrap_up.v1.transcript_pb2 import SPEAKER_CALLER

THRESHOLD: Final = 0.25
"""A score farther from zero than this has a mood."""

_LAST_WEIGHT = 2.0


def mood_of(score: float) -> pb.Mood.ValueType:
    """Put a score between -1 and 1 in words."""
    if score > THRESHOLD:
        return pb.MOOD_POSITIVE
    return pb.MOOD_NEGATIVE if score < -THRESHOLD else pb.MOOD_NEUTRAL


def overall(turns: Sequence[pb.TurnSentiment]) -> pb.Sentiment:
    """Weigh the caller's turns, those of the last third twice: how a call ends is what stays."""
    mine = [turn for turn in turns if turn.speaker == SPEAKER_CALLER]
    if not mine:
        return pb.Sentiment(turns=turns)
    late = len(mine) - max(len(mine) // 3, 1)
    weights = [_LAST_WEIGHT if place >= late else 1.0 for place in range(len(mine))]
    score = sum(turn.score * weight for turn, weight in zip(mine, weights, strict=True)) / sum(weights)
    return pb.Sentiment(score=score, mood=mood_of(score), turns=turns)
