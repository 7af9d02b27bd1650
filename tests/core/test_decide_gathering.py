"""Keys that the caller presses."""

from __future__ import annotations

import pytest
from call_story import AGENT, BRIDGED, CALLER, GATHERING, INTAKE, Story, add, names

from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.gather_pb2 import StartGather
from cordboard.core.call_state import Gather
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.core.phi import split
from cordboard.core.state_digest import to_canonical_json
from cordboard.media.v1 import leg_pb2


def key(digit: str, press: int, leg_id: str = CALLER) -> facts.DtmfReceived:
    return facts.DtmfReceived(leg_id=leg_id, digit=digit, press=press)


def gather(story: Story) -> Gather:
    assert story.now.gather is not None
    return story.now.gather


def test_digits_are_collected_until_a_terminator_which_is_none_of_them() -> None:
    story = Story(GATHERING)
    assert names(story.say(key("#", 3))) == ["GatherEnded"]
    assert (gather(story).digits, gather(story).reason) == ("44", "TERMINATED")


def test_the_last_digit_that_was_asked_for_ends_it() -> None:
    story = Story(GATHERING)
    story.say(key("0", 3))
    assert names(story.say(key("9", 4))) == ["DigitTaken", "GatherEnded"]
    assert (gather(story).digits, gather(story).reason) == ("4409", "COMPLETE")


def test_a_press_that_is_told_again_or_late_is_one_press() -> None:
    story = Story(GATHERING)
    assert story.say(key("4", 2)) == ()
    assert story.say(key("4", 1)) == ()
    assert gather(story).digits == "44"


def test_a_caller_who_rejoined_goes_on_with_presses_counted_anew() -> None:
    story = Story(GATHERING)
    story.say(add("leg-z", leg_pb2.LEG_ROLE_CALLER, replaces=CALLER))
    story.say(key("7", 1, "leg-z"))
    assert gather(story).digits == "447"


def test_nobody_elses_keys_count_and_none_when_nobody_asked() -> None:
    story = Story((*BRIDGED, StartGather()))
    assert story.say(key("1", 1, AGENT)) == ()
    assert Story(INTAKE).say(key("1", 1)) == ()


def test_a_hang_up_ends_the_collection() -> None:
    story = Story(GATHERING)
    assert "GatherEnded" in names(story.say(commands.HangUp(reason="CALLER_HUNG_UP")))
    assert gather(story).reason == "CALL_ENDED"


def test_two_collections_at_once_are_refused() -> None:
    with pytest.raises(WrongStateError, match="ALREADY_GATHERING"):
        Story(GATHERING).say(StartGather())


@pytest.mark.parametrize("asked", [StartGather(most_digits=65), StartGather(terminators="#x")])
def test_what_no_keypad_can_give_is_refused(asked: StartGather) -> None:
    with pytest.raises(InvalidError, match="FIELD_INVALID"):
        Story(INTAKE).say(asked)


def test_digits_stand_nowhere_in_clear() -> None:
    story = Story(GATHERING)
    assert '"digits"' not in to_canonical_json(story.now, phi=False)
    for event, _ in story.log:
        body, _ = split(event)
        assert not getattr(body, "digit", "")
