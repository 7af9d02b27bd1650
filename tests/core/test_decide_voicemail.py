"""Messages that callers leave."""

from __future__ import annotations

import pytest
from call_story import AI, CALLER, ENGAGED, RECORDED, VOICEMAIL, Story, names

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.voicemail_pb2 import EndVoicemail, SilenceHeard
from cordboard.core.errors import WrongStateError


def reason(story: Story) -> str:
    assert story.now.voicemail is not None
    return story.now.voicemail.reason


def test_a_message_needs_a_consent_and_a_recording_that_runs() -> None:
    with pytest.raises(WrongStateError, match="CONSENT_MISSING"):
        Story(ENGAGED).say(commands.StartVoicemail())
    paused = commands.ChangeRecording(state=call_pb2.RECORDING_STATE_PAUSED, reason="PAYMENT")
    with pytest.raises(WrongStateError, match="NOT_RECORDING"):
        Story((*RECORDED, paused)).say(commands.StartVoicemail())


@pytest.mark.parametrize(("spoke", "ended"), [(True, "SILENT"), (False, "NOTHING_SAID")])
def test_silence_ends_it(spoke: bool, ended: str) -> None:
    story = Story(VOICEMAIL)
    assert names(story.say(SilenceHeard(leg_id=CALLER, spoke=spoke))) == ["VoicemailEnded"]
    assert reason(story) == ended
    assert story.say(EndVoicemail(reason="TIMED_OUT")) == ()


def test_its_key_ends_it_and_no_other_does() -> None:
    story = Story(VOICEMAIL)
    assert story.say(facts.DtmfReceived(leg_id=CALLER, digit="1", press=1)) == ()
    story.say(facts.DtmfReceived(leg_id=CALLER, digit="#", press=2))
    assert reason(story) == "TERMINATED"


def test_somebody_elses_silence_is_none_of_it() -> None:
    assert Story(VOICEMAIL).say(SilenceHeard(leg_id=AI)) == ()


def test_a_caller_who_hangs_up_has_been_served() -> None:
    story = Story(VOICEMAIL)
    story.say(commands.HangUp(reason="CALLER_HUNG_UP"))
    assert reason(story) == "CALL_ENDED"
    assert story.now.phase == call_pb2.PHASE_WRAPPING_UP
