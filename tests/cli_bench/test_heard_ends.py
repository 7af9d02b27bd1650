import pytest
from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import LegStateChanged, UtteranceHeard
from cordboard.cli.bench.voice.heard_ends import heard_ends
from cordboard.ledger.v1.envelope_pb2 import Envelope


def envelope(event: Message, source: str, at: float, media_us: int = 0) -> Envelope:
    made = Envelope()
    made.event.event.Pack(event)
    made.event.source, made.event.media_us = source, media_us
    made.event.occurred_at.FromMicroseconds(round(at * 1e6))
    return made


HEARD = envelope(UtteranceHeard(turn_id="t1", ended_us=5_000_000), "voice-agent/v/b", 1_006.0, 5_400_000)


def test_media_time_is_tied_to_the_wall_by_the_fact_that_was_written_soonest() -> None:
    late = envelope(LegStateChanged(), "media-node/m/b", 1_001.25, 1_000_000)
    prompt = envelope(LegStateChanged(), "media-node/m/b", 1_002.001, 2_000_000)
    assert heard_ends([late, prompt, HEARD]) == {"t1": pytest.approx(1_005.001)}


def test_without_a_fact_of_the_node_nothing_is_known() -> None:
    assert heard_ends([HEARD]) == {}
