"""How a call begins, moves on and ends."""

from __future__ import annotations

import pytest
from call_story import (
    ALERTING,
    BRIDGED,
    CALLER,
    DONE,
    ENGAGED,
    INTAKE,
    OFFERED,
    ORIGINATING,
    QUEUED,
    RECORDED,
    RINGING,
    START_US,
    TALKED,
    Story,
    begin,
    names,
    send,
    timer,
)
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.core.decide import decide
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.media.v1 import command_pb2 as media


def phase_names(story: Story) -> list[str]:
    return [call_pb2.Phase.Name(phase).removeprefix("PHASE_") for phase in story.now.phases]


def test_an_inbound_call_goes_from_offer_to_completion() -> None:
    story = Story(DONE)
    assert phase_names(story) == ["OFFERED", "INTAKE", "AI_ENGAGED", "WRAPPING_UP", "COMPLETED"]
    assert story.now.end_reason == "DONE"
    assert story.now.talk_outcome == call_pb2.TALK_OUTCOME_DONE
    assert story.now.offered_at_us > START_US
    assert story.now.ended_at_us > story.now.answered_at_us > story.now.offered_at_us


def test_a_call_with_a_human_goes_through_queue_and_ringing() -> None:
    assert phase_names(Story(BRIDGED))[2:] == ["AI_ENGAGED", "QUEUED", "AGENT_ALERTING", "AGENT_CONNECTED"]


def test_an_outbound_call_rings_before_it_is_answered() -> None:
    story = Story(ALERTING)
    story.say(commands.AnswerCall())
    assert phase_names(story) == ["ORIGINATING", "ALERTING", "INTAKE"]


def test_a_far_end_may_answer_without_ringing() -> None:
    story = Story(ORIGINATING)
    assert names(story.say(commands.AnswerCall())) == ["CallAnswered"]


@pytest.mark.parametrize("field", ["call_id", "tenant", "vertical", "direction"])
def test_a_call_does_not_begin_without_a_required_field(field: str) -> None:
    command = begin()
    command.ClearField(field)  # type: ignore[arg-type]
    with pytest.raises(InvalidError) as refusal:
        decide(None, command)
    assert (refusal.value.reason, refusal.value.fields) == ("FIELD_MISSING", {"field": field})


def test_a_call_begins_once() -> None:
    with pytest.raises(WrongStateError, match="CALL_EXISTS"):
        Story([begin(), begin()])


def test_nothing_can_be_asked_of_a_call_that_never_began() -> None:
    with pytest.raises(NotFoundError, match="CALL_NOT_FOUND"):
        decide(None, commands.AnswerCall())


def test_a_message_that_is_no_command_is_refused() -> None:
    with pytest.raises(InvalidError, match="UNKNOWN_COMMAND"):
        Story(OFFERED).say(media.CreateRoom())


def test_answering_twice_is_answering_once() -> None:
    assert Story(INTAKE).say(commands.AnswerCall()) == ()


@pytest.mark.parametrize(
    ("messages", "final"),
    [
        (OFFERED, "CallAbandoned"),
        (ALERTING, "CallAbandoned"),
        (INTAKE, "WrapUpStarted"),
        (ENGAGED, "WrapUpStarted"),
        (QUEUED, "CallAbandoned"),
        (RINGING, "CallAbandoned"),
        (BRIDGED, "WrapUpStarted"),
    ],
)
@pytest.mark.parametrize("reason", ["CALLER_HUNG_UP", "CALLER_VANISHED"])
def test_a_caller_who_leaves_unserved_has_abandoned_the_call(
    messages: tuple[Message, ...], final: str, reason: str
) -> None:
    story = Story(messages)
    assert names(story.say(commands.HangUp(reason=reason)))[-1] == final
    assert story.now.end_reason == reason


def test_hanging_up_before_an_answer_withdraws_the_call() -> None:
    story = Story(ALERTING)
    assert names(story.say(commands.HangUp(reason="NO_ANSWER"))) == ["CallCancelled"]
    assert story.now.cancelled_by == "engine"


def test_an_end_closes_what_is_open_by_events_of_their_own() -> None:
    story = Story((*RECORDED, timer("silence")))
    assert names(story.say(commands.HangUp(reason="OPERATOR"))) == [
        "AiReleased",
        "RecordingStopped",
        "TimerCancelled",
        "WrapUpStarted",
    ]
    assert story.now.talk_outcome == call_pb2.TALK_OUTCOME_CALL_ENDED
    assert story.now.routing == ()


@pytest.mark.parametrize(
    "again",
    [
        commands.HangUp(reason="DONE"),
        commands.CompleteCall(),
        commands.FailCall(reason="MEDIA_LOST"),
        commands.CancelCall(by="app/1"),
        commands.ReleaseAi(outcome=call_pb2.TALK_OUTCOME_FAULT),
        commands.FireTimer(timer_id="consent"),
        commands.CancelTimer(timer_id="consent"),
        commands.NoteQueuePosition(position=2),
        commands.ChangeRecording(state=call_pb2.RECORDING_STATE_OFF, reason="OPERATOR"),
    ],
)
def test_ending_what_has_ended_is_fine(again: Message) -> None:
    assert Story(DONE).say(again) == ()


def test_a_call_that_is_over_obeys_no_more() -> None:
    with pytest.raises(WrongStateError, match="CALL_OVER"):
        Story(DONE).say(commands.HoldLeg(leg_id=CALLER))


def test_a_call_is_not_completed_before_its_wrap_up() -> None:
    with pytest.raises(WrongStateError, match="WRONG_PHASE") as refusal:
        Story(TALKED).say(commands.CompleteCall())
    assert refusal.value.fields == {"phase": "AI_ENGAGED"}


def test_a_wrap_up_may_fail() -> None:
    story = Story((*TALKED, commands.HangUp(reason="DONE")))
    assert names(story.say(commands.FailCall(reason="STORE_AWAY"))) == ["CallFailed"]


def test_a_cancellation_tells_who_and_why() -> None:
    story = Story(QUEUED)
    story.say(commands.CancelCall(by="app/crm", reason="OPERATOR"))
    assert (story.now.cancelled_by, story.now.end_reason) == ("app/crm", "OPERATOR")


def test_a_placement_needs_a_higher_epoch() -> None:
    story = Story(OFFERED)
    with pytest.raises(WrongStateError, match="STALE_EPOCH"):
        story.say(commands.PlaceCall(node_id="media-node-2", placement_epoch=1))
    assert story.say(commands.PlaceCall(node_id="media-node-1", placement_epoch=1)) == ()


def test_a_new_placement_numbers_its_commands_from_one_and_reconnects_the_legs() -> None:
    story = Story(INTAKE)
    story.say(commands.PlaceCall(node_id="media-node-2", placement_epoch=2))
    caller = story.now.leg(CALLER)
    assert caller is not None
    assert not caller.connected
    (event,) = story.say(send(create_room=media.CreateRoom()))
    assert "placement_epoch: 2\n  command_seq: 1\n" in str(event)


def test_a_timer_that_is_set_anew_replaces_the_one_that_runs() -> None:
    story = Story(INTAKE)
    assert story.say(timer()) == ()
    assert names(story.say(timer(due=1_760_000_099))) == ["TimerCancelled", "TimerSet"]
    assert [one.due_us for one in story.now.timers] == [1_760_000_099_000_000]


def test_a_timer_fires_once() -> None:
    story = Story(INTAKE)
    assert names(story.say(commands.FireTimer(timer_id="consent"))) == ["TimerFired"]
    assert story.say(commands.FireTimer(timer_id="consent")) == ()
