"""What is seen of a call decides when its caller speaks, where it is, and whether it is over."""

from call_log import CallLog
from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.cli.chaos.call_sight import CallSight


class Watching:
    """A sight, its clock, and a log whose events it sees as they come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sight = CallSight(lambda: self.now)
        self._log = CallLog()

    def fact(self, event: Message, at: float) -> None:
        self.now = at
        self._log.fact(event, at)
        self.sight.see(self._log.envelopes[-1])

    def decision(self, event: Message, at: float) -> None:
        self.now = at
        self._log.decision(event, at)
        self.sight.see(self._log.envelopes[-1])


def test_an_agent_has_finished_when_it_was_silent_for_a_moment() -> None:
    one = Watching()
    assert not one.sight.has_finished_speaking()
    one.fact(facts.PlayoutStarted(play_id="p"), 1.0)
    assert not one.sight.has_finished_speaking()
    one.fact(facts.PlayoutEnded(play_id="p"), 3.0)
    assert not one.sight.has_finished_speaking()
    one.now = 3.6
    assert one.sight.has_finished_speaking()
    one.fact(facts.PlayoutStarted(play_id="q"), 4.0)
    one.now = 9.0
    assert not one.sight.has_finished_speaking()


def test_only_an_agent_who_came_after_the_fault_is_heard_again() -> None:
    one = Watching()
    one.fact(facts.VoicePortChanged(attached=True), 1.0)
    one.fact(facts.PlayoutStarted(play_id="p"), 2.0)
    one.fact(facts.VoicePortChanged(attached=False, reason="LOST"), 5.1)
    assert one.sight.heard_after(5.0) is None
    one.fact(facts.VoicePortChanged(attached=True), 7.0)
    assert one.sight.heard_after(5.0) is None
    one.fact(facts.PlayoutStarted(play_id="q"), 7.5)
    assert one.sight.heard_after(5.0) == 7.5


def test_the_call_is_where_it_was_placed_and_over_when_that_was_decided() -> None:
    one = Watching()
    one.decision(decisions.NodePlaced(node_id="media-node-2", placement_epoch=1), 0.1)
    one.decision(decisions.ConsentRecorded(given=True), 3.0)
    one.decision(decisions.RecordingPaused(), 4.0)
    one.decision(decisions.RecordingResumed(), 5.0)
    assert (one.sight.node_id, one.sight.changes, one.sight.ended_as) == ("media-node-2", 2, "")
    assert one.sight.consented.is_set()
    assert not one.sight.over.is_set()
    one.decision(decisions.CallAbandoned(), 9.0)
    assert one.sight.ended_as == "CallAbandoned"
    assert one.sight.over.is_set()
