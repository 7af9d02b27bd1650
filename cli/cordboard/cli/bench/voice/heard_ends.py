"""When the agent believes that each of the caller's turns ended, on the clock on the wall."""

from collections.abc import Sequence

from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope

_NODE = "media-node/"


def heard_ends(log: Sequence[Envelope]) -> dict[str, float]:
    """Give the end of speech as heard by turn, in seconds since the Unix epoch; empty when no fact ties the clocks.

    The node stamps its facts with both clocks, and the one that was written down soonest ties them most closely.
    """
    ties = [
        to_us(envelope.event.occurred_at) - envelope.event.media_us
        for envelope in log
        if envelope.event.source.startswith(_NODE) and envelope.event.media_us > 0
    ]
    if not ties:
        return {}
    ends: dict[str, float] = {}
    for envelope in log:
        heard = UtteranceHeard()
        if envelope.event.event.Unpack(heard):
            ends[heard.turn_id] = (min(ties) + heard.ended_us) / 1e6
    return ends
