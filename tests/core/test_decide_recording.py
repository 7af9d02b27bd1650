"""Consent guards every recording."""

from __future__ import annotations

import pytest
from call_story import ENGAGED, INTAKE, OFFERED, RECORDED, Story, names

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1.facts_pb2 import ConsentAnswered
from cordboard.core.errors import InvalidError, WrongStateError

ON = commands.ChangeRecording(state=call_pb2.RECORDING_STATE_ON)
PAUSE = commands.ChangeRecording(state=call_pb2.RECORDING_STATE_PAUSED, reason="PAYMENT")
OFF = commands.ChangeRecording(state=call_pb2.RECORDING_STATE_OFF, reason="OPERATOR")


def test_recording_without_consent_is_illegal() -> None:
    with pytest.raises(WrongStateError, match="CONSENT_MISSING"):
        Story(ENGAGED).say(ON)


def test_recording_after_a_refusal_is_illegal() -> None:
    story = Story((*ENGAGED, ConsentAnswered(given=False)))
    with pytest.raises(WrongStateError, match="CONSENT_MISSING"):
        story.say(ON)


def test_recording_before_the_answer_is_illegal_even_with_consent() -> None:
    story = Story((*OFFERED, commands.RecordConsent(given=True, means="policy")))
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        story.say(ON)


def test_recording_starts_pauses_goes_on_and_stops() -> None:
    story = Story((*ENGAGED, ConsentAnswered(given=True)))
    told = [names(story.say(change)) for change in (ON, ON, PAUSE, PAUSE, ON, OFF, OFF, ON)]
    assert told == [
        ["RecordingStarted"],
        [],
        ["RecordingPaused"],
        [],
        ["RecordingResumed"],
        ["RecordingStopped"],
        [],
        ["RecordingStarted"],
    ]


def test_nothing_can_be_paused_that_does_not_run() -> None:
    with pytest.raises(WrongStateError, match="NOT_RECORDING"):
        Story(ENGAGED).say(PAUSE)


@pytest.mark.parametrize("state", [call_pb2.RECORDING_STATE_PAUSED, call_pb2.RECORDING_STATE_OFF])
def test_pausing_and_stopping_need_a_reason(state: call_pb2.RecordingState.ValueType) -> None:
    with pytest.raises(InvalidError, match="FIELD_MISSING"):
        Story(RECORDED).say(commands.ChangeRecording(state=state))


def test_a_recording_changes_to_a_state_that_exists() -> None:
    with pytest.raises(InvalidError, match="FIELD_INVALID"):
        Story(RECORDED).say(commands.ChangeRecording())


def test_a_refusal_while_recording_stops_it() -> None:
    story = Story(RECORDED)
    assert names(story.say(ConsentAnswered(given=False))) == ["ConsentRecorded", "RecordingStopped"]
    assert story.now.consent == call_pb2.CONSENT_REFUSED


def test_a_spoken_yes_does_not_turn_a_refusal_but_the_app_may() -> None:
    story = Story((*ENGAGED, ConsentAnswered(given=False)))
    assert story.say(ConsentAnswered(given=True)) == ()
    assert names(story.say(commands.RecordConsent(given=True, means="app"))) == ["ConsentRecorded"]
    assert story.now.consent_means == "app"


def test_consent_is_asked_once() -> None:
    story = Story(INTAKE)
    assert names(story.say(commands.AskConsent())) == ["ConsentRequested"]
    assert story.say(commands.AskConsent()) == ()
    story.say(ConsentAnswered(given=True))
    assert story.say(commands.AskConsent()) == ()
