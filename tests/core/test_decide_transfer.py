"""A human agent hands the caller on to another one."""

from __future__ import annotations

import pytest
from call_story import (
    AGENT,
    BRIDGED,
    CALLER,
    CONFERRING,
    CONSULTING,
    QUEUED,
    SECOND,
    SECOND_AGENT,
    TRANSFERRING,
    Story,
    add,
    connected,
    ended,
    names,
)
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1 import transfer_pb2 as pb
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.media.v1 import leg_pb2

TO_BILLING = pb.StartTransfer(queue="billing")
COMPLETE = pb.StepTransfer(step=pb.TRANSFER_STEP_COMPLETE)
CONFERENCE = pb.StepTransfer(step=pb.TRANSFER_STEP_CONFERENCE)
CANCEL = pb.StepTransfer(step=pb.TRANSFER_STEP_CANCEL)


def blind(*, queue: str = "", agent_id: str = "") -> tuple[Message, ...]:
    return (*BRIDGED, pb.StartTransfer(queue=queue, agent_id=agent_id), *ring())


def ring() -> tuple[Message, ...]:
    return (commands.AlertAgent(agent_id=SECOND_AGENT, reservation_epoch=2),)


def join() -> tuple[Message, ...]:
    return (
        facts.AgentAnsweredOffer(agent_id=SECOND_AGENT, reservation_epoch=2, accepted=True),
        add(SECOND, leg_pb2.LEG_ROLE_HUMAN_AGENT, party=SECOND_AGENT),
        connected(SECOND),
        commands.ConnectAgent(leg_id=SECOND),
    )


def hears(story: Story, leg_id: str) -> set[str]:
    rows: dict[str, set[str]] = {row.leg_id: set(row.hears) for row in story.now.routing}
    return rows.get(leg_id, set()) & {CALLER, AGENT, SECOND}


def test_while_another_agent_is_rung_nobody_hears_anybody_and_the_first_stays() -> None:
    story = Story(TRANSFERRING)
    assert story.now.phase == call_pb2.PHASE_AGENT_ALERTING
    assert hears(story, CALLER) == hears(story, AGENT) == set()
    assert story.now.transferring_leg is not None


def test_a_blind_transfer_is_done_when_the_second_agent_is_there() -> None:
    story = Story((*blind(queue="billing"), *join()))
    assert story.now.transfer is None
    assert (hears(story, CALLER), hears(story, SECOND), hears(story, AGENT)) == ({SECOND}, {CALLER}, set())


def test_a_consultation_is_between_the_agents_while_the_caller_is_on_hold() -> None:
    story = Story(CONSULTING)
    assert (hears(story, CALLER), hears(story, SECOND), hears(story, AGENT)) == (set(), {AGENT}, {SECOND})
    caller = story.now.leg(CALLER)
    assert caller is not None
    assert caller.held


def test_a_consultation_that_is_completed_leaves_the_caller_to_the_second_agent() -> None:
    story = Story((*CONSULTING, COMPLETE))
    assert (hears(story, CALLER), hears(story, SECOND), hears(story, AGENT)) == ({SECOND}, {CALLER}, set())
    assert story.now.transfer is None


def test_a_conference_is_heard_by_all_three() -> None:
    story = Story(CONFERRING)
    assert hears(story, CALLER) == {AGENT, SECOND}
    assert hears(story, AGENT) == {CALLER, SECOND}
    assert hears(story, SECOND) == {CALLER, AGENT}


@pytest.mark.parametrize("stage", [TRANSFERRING, CONSULTING, CONFERRING])
def test_the_first_agent_takes_the_caller_back(stage: tuple[Message, ...]) -> None:
    story = Story((*stage, CANCEL))
    assert story.now.phase == call_pb2.PHASE_AGENT_CONNECTED
    assert (hears(story, CALLER), hears(story, AGENT), hears(story, SECOND)) == ({AGENT}, {CALLER}, set())
    assert story.now.offer is not None
    assert story.now.offer.agent_id == "nurse-7"
    assert story.now.transfer is None


def test_a_named_agent_who_declines_gives_the_caller_back_to_the_first() -> None:
    story = Story(blind(agent_id=SECOND_AGENT))
    declined = facts.AgentAnsweredOffer(agent_id=SECOND_AGENT, reservation_epoch=2)
    assert names(story.say(declined)) == ["AgentMissed", "TransferReturned", "RoutingSet"]
    assert hears(story, CALLER) == {AGENT}


def test_one_of_a_queue_who_declines_is_followed_by_the_next() -> None:
    story = Story(blind(queue="billing"))
    assert names(story.say(commands.MissAgent(reason="NO_ANSWER"))) == ["AgentMissed"]
    assert story.now.phase == call_pb2.PHASE_QUEUED
    assert story.now.transfer is not None


def test_an_agent_whose_connection_breaks_as_they_are_rung_has_not_come() -> None:
    story = Story((*blind(agent_id=SECOND_AGENT), *join()[:2]))
    assert "TransferReturned" in names(story.say(ended(SECOND)))


@pytest.mark.parametrize("stage", [TRANSFERRING, CONSULTING, CONFERRING, blind(queue="billing")])
def test_a_caller_who_hangs_up_was_served_and_nobody_is_left_with_nobody(stage: tuple[Message, ...]) -> None:
    story = Story(stage)
    story.say(ended(CALLER))
    assert story.now.phase == call_pb2.PHASE_WRAPPING_UP
    assert story.now.transfer is None
    assert story.now.routing == ()
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        story.say(commands.ConnectAgent(leg_id=SECOND))


def test_a_first_agent_who_leaves_while_the_second_is_rung_has_left_the_caller_to_them() -> None:
    story = Story(TRANSFERRING)
    assert names(story.say(ended(AGENT))) == ["LegStateTaken"]
    for message in join():
        story.say(message)
    assert (hears(story, CALLER), hears(story, SECOND)) == ({SECOND}, {CALLER})


def test_nobody_is_given_back_to_an_agent_who_has_left() -> None:
    story = Story((*TRANSFERRING, ended(AGENT)))
    story.say(commands.MissAgent(reason="NO_ANSWER"))
    assert story.now.phase == call_pb2.PHASE_QUEUED
    assert story.now.transfer is None


@pytest.mark.parametrize("stage", [CONSULTING, CONFERRING])
@pytest.mark.parametrize(("gone", "left"), [(AGENT, SECOND), (SECOND, AGENT)])
def test_when_one_agent_leaves_the_other_has_the_caller(stage: tuple[Message, ...], gone: str, left: str) -> None:
    story = Story(stage)
    story.say(ended(gone))
    assert (hears(story, CALLER), hears(story, left)) == ({left}, {CALLER})
    assert story.now.transfer is None
    assert story.now.offer is not None
    assert story.now.offer.leg_id == left


def test_a_first_agent_who_rejoins_is_still_the_first() -> None:
    story = Story((*TRANSFERRING, add("leg-z", leg_pb2.LEG_ROLE_HUMAN_AGENT, replaces=AGENT, party="nurse-7"), CANCEL))
    assert story.now.offer is not None
    assert story.now.offer.leg_id == "leg-z"


@pytest.mark.parametrize(
    ("stage", "asked", "error"),
    [
        (QUEUED, TO_BILLING, "WRONG_PHASE"),
        (CONSULTING, TO_BILLING, "ALREADY_TRANSFERRING"),
        (BRIDGED, COMPLETE, "NO_TRANSFER"),
        (TRANSFERRING, COMPLETE, "WRONG_PHASE"),
        (TRANSFERRING, CONFERENCE, "WRONG_PHASE"),
        ((*BRIDGED, ended(AGENT)), TO_BILLING, "WRONG_PHASE"),
    ],
)
def test_what_does_not_fit_is_refused(stage: tuple[Message, ...], asked: Message, error: str) -> None:
    with pytest.raises(WrongStateError, match=error):
        Story(stage).say(asked)


def test_a_transfer_to_nobody_or_to_oneself_is_refused() -> None:
    with pytest.raises(InvalidError, match="FIELD_MISSING"):
        Story(BRIDGED).say(pb.StartTransfer())
    with pytest.raises(InvalidError, match="FIELD_INVALID"):
        Story(BRIDGED).say(pb.StartTransfer(agent_id="nurse-7"))
    with pytest.raises(InvalidError, match="FIELD_MISSING"):
        Story(CONSULTING).say(pb.StepTransfer())


def test_the_caller_is_given_back_to_the_ai_agent_and_the_human_agent_is_out() -> None:
    story = Story(BRIDGED)
    assert names(story.say(pb.HandBack())) == ["HandedBack"]
    assert story.say(pb.HandBack()) == ()
    assert hears(story, CALLER) == {AGENT}
    story.say(add("leg-y-ai", leg_pb2.LEG_ROLE_AI_AGENT))
    story.say(commands.EngageAi(leg_id="leg-y-ai", profile="front-desk-intake"))
    assert story.now.phase == call_pb2.PHASE_AI_ENGAGED
    assert not story.now.handed_back
    assert hears(story, CALLER) == set()
    assert hears(story, AGENT) == set()


@pytest.mark.parametrize("stage", [QUEUED, CONSULTING])
def test_nobody_is_given_back_who_is_with_no_human_agent_or_with_two(stage: tuple[Message, ...]) -> None:
    with pytest.raises(WrongStateError, match=r"WRONG_PHASE|ALREADY_TRANSFERRING"):
        Story(stage).say(pb.HandBack())


def test_a_caller_who_goes_back_to_the_ai_agent_ends_it() -> None:
    story = Story((*CONSULTING, commands.RetrieveLeg(leg_id=CALLER)))
    story.say(commands.Enqueue(queue="other"))
    assert story.now.transfer is None
    assert hears(story, CALLER) == set()
