"""The last line of a talk, when its voice agent died over it: what it was about to tell is on the log already."""

from collections.abc import AsyncIterable
from dataclasses import dataclass

from cordboard.call.v1.call_pb2 import (
    TALK_OUTCOME_CALLER_LEFT,
    TALK_OUTCOME_DONE,
    TALK_OUTCOME_UNSPECIFIED,
    TalkOutcome,
)
from cordboard.call.v1.facts_pb2 import PlayoutEnded, PlayoutStarted, ReplyHeard, ReplyPlanned, UtteranceHeard
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope

# Whoever is to be handed over is handed over by the next voice agent, who knows what to tell the human.
_SIMPLE = frozenset({TALK_OUTCOME_DONE, TALK_OUTCOME_CALLER_LEFT})


@dataclass(frozen=True, slots=True)
class LastLine:
    """How the talk ends with the last line that was begun; unspecified when it goes on after it."""

    outcome: TalkOutcome.ValueType = TALK_OUTCOME_UNSPECIFIED
    is_over: bool = True
    """Whether the node plays nothing of it any more."""


async def last_line_of(events: AsyncIterable[Envelope]) -> LastLine:
    """Read from a call's events in order whether its voice agent said its last line, and whether that was played."""
    planned = ReplyPlanned()
    went_on = False
    # Node and voice agent put their facts on record each at its own pace.
    begun: set[str] = set()
    ended: set[str] = set()
    cut: set[str] = set()
    async for envelope in events:
        match unpack(envelope):
            case ReplyPlanned() as planned:
                went_on = False
            case UtteranceHeard():
                went_on = True
            case PlayoutStarted(play_id=play_id):
                begun.add(play_id)
            case PlayoutEnded(play_id=play_id, flushed=flushed):
                ended.add(play_id)
                cut |= {play_id} if flushed else set()
            case ReplyHeard(play_id=play_id, interrupted=True):
                cut.add(play_id)
            case _:
                pass
    play_id = planned.play_id
    if went_on or play_id in cut or play_id not in begun or planned.closes_with not in _SIMPLE:
        return LastLine()
    return LastLine(planned.closes_with, play_id in ended)
