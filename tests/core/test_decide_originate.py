"""Reaching a party, and keeping a place for one before."""

from __future__ import annotations

import pytest
from call_story import CALLED_BACK, CALLER, KEPT, ORIGINATING, QUEUED, Story, add, names
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import originate_pb2 as pb
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.media.v1 import leg_pb2

BARE = ORIGINATING[:3]


def test_a_place_is_kept_with_nobody_on_the_line() -> None:
    story = Story(KEPT)
    assert story.now.phase == call_pb2.PHASE_ORIGINATING
    assert story.now.queue is not None
    assert story.now.queue.queue == "front-desk"
    assert story.say(KEPT[-1]) == ()


def test_it_rings_only_at_a_line_that_was_called() -> None:
    story = Story(KEPT)
    assert story.say(pb.PartyAlerted()) == ()
    assert names(story.say(pb.CallParty())) == ["PartyCalled"]
    assert story.say(pb.CallParty()) == ()
    assert names(story.say(pb.PartyAlerted())) == ["CallAlerted"]
    assert story.say(pb.PartyAlerted()) == ()


@pytest.mark.parametrize("reason", ["BUSY", "DECLINED"])
def test_a_party_who_does_not_take_it_ends_it(reason: str) -> None:
    story = Story((*BARE, pb.CallParty()))
    story.say(pb.PartyDeclined(reason=reason))
    assert (story.now.phase, story.now.end_reason) == (call_pb2.PHASE_CANCELLED, reason)


def test_who_has_joined_has_taken_the_call() -> None:
    story = Story((*BARE, pb.CallParty(), add(CALLER, leg_pb2.LEG_ROLE_CALLER)))
    assert story.say(pb.PartyDeclined(reason="BUSY")) == ()


def test_the_wait_of_one_who_is_called_back_began_when_they_were_queued() -> None:
    story = Story(CALLED_BACK)
    since = story.now.queued_at_us
    story.say(commands.MissAgent(reason="NO_ANSWER"))
    assert since
    assert story.now.queued_at_us == since


@pytest.mark.parametrize("asked", [pb.CallParty(), pb.KeepPlace(queue="front-desk")])
def test_a_call_that_came_in_calls_nobody(asked: Message) -> None:
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        Story(QUEUED).say(asked)


def test_a_place_is_in_a_queue() -> None:
    with pytest.raises(InvalidError, match="FIELD_MISSING"):
        Story(BARE).say(pb.KeepPlace())
