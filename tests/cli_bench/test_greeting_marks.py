from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import LegStateChanged, PlayoutStarted, VoicePortChanged
from cordboard.cli.bench.setup.click_bench import marks_of_greeting
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED, LEG_STATE_ENDED


def envelope(event: Message, at: float) -> Envelope:
    made = Envelope()
    made.event.event.Pack(event)
    made.event.occurred_at.FromMicroseconds(round(at * 1e6))
    return made


def test_the_first_of_each_thing_that_a_greeting_needs_counts() -> None:
    log = [
        envelope(LegStateChanged(leg_id="ai", state=LEG_STATE_CONNECTED), 10),
        envelope(VoicePortChanged(leg_id="ai", attached=True), 11),
        envelope(LegStateChanged(leg_id="caller", state=LEG_STATE_CONNECTED), 12),
        envelope(PlayoutStarted(play_id="p1"), 13),
        envelope(PlayoutStarted(play_id="p2"), 19),
        envelope(LegStateChanged(leg_id="caller", state=LEG_STATE_ENDED), 20),
        envelope(VoicePortChanged(leg_id="ai", attached=False), 21),
    ]
    assert marks_of_greeting(log) == {
        "voice agent attached": 11,
        "caller's leg connected": 12,
        "greeting on the wire": 13,
    }


def test_a_greeting_that_never_came_has_no_mark() -> None:
    assert marks_of_greeting([envelope(VoicePortChanged(leg_id="ai", attached=False), 11)]) == {}
