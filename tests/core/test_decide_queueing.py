"""Escalation, queues, human agents, voicemail and callbacks."""

from __future__ import annotations

import pytest
from call_story import (
    AGENT,
    BRIDGED,
    CALLER,
    ENGAGED,
    INTAKE,
    QUEUED,
    RINGING,
    TALKED,
    Story,
    add,
    names,
)
from google.protobuf.timestamp_pb2 import Timestamp

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1.facts_pb2 import AgentAnsweredOffer
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT


def answer(agent_id: str, epoch: int, *, accepted: bool) -> AgentAnsweredOffer:
    return AgentAnsweredOffer(agent_id=agent_id, reservation_epoch=epoch, accepted=accepted)


def test_asking_for_a_human_twice_is_asking_once() -> None:
    story = Story(TALKED)
    assert names(story.say(commands.Escalate(reason="APP"))) == ["EscalationDecided"]
    assert story.say(commands.Escalate(reason="APP")) == ()
    assert story.now.escalation_reason == "APP"


def test_a_caller_who_has_a_human_cannot_be_escalated() -> None:
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        Story(BRIDGED).say(commands.Escalate(reason="APP"))


def test_a_call_may_queue_without_an_ai_agent() -> None:
    story = Story(INTAKE)
    assert names(story.say(commands.Enqueue(queue="front-desk"))) == ["CallQueued"]


def test_queueing_takes_the_caller_over_from_the_ai_agent() -> None:
    story = Story(ENGAGED)
    events = story.say(commands.Enqueue(queue="front-desk"))
    assert names(events) == ["AiReleased", "CallQueued", "RoutingSet"]
    assert story.now.talk_outcome == call_pb2.TALK_OUTCOME_WANTS_HUMAN


def test_queueing_again_in_the_same_way_changes_nothing() -> None:
    story = Story(QUEUED)
    same = commands.Enqueue(queue="front-desk", skills=["clinical"], priority=2)
    assert story.say(same) == ()
    assert names(story.say(commands.Enqueue(queue="billing"))) == ["CallQueued"]


def test_a_place_in_the_queue_is_noted_when_it_changes() -> None:
    story = Story(QUEUED)
    assert story.say(commands.NoteQueuePosition(position=1)) == ()
    assert names(story.say(commands.NoteQueuePosition(position=2))) == ["QueuePosition"]
    assert Story(RINGING).say(commands.NoteQueuePosition(position=3)) == ()


def test_an_agent_who_does_not_answer_sends_the_call_back_to_its_queue() -> None:
    story = Story(RINGING)
    assert names(story.say(commands.MissAgent(reason="NO_ANSWER"))) == ["AgentMissed"]
    assert (story.now.phase, story.now.offer) == (call_pb2.PHASE_QUEUED, None)
    assert story.now.queue is not None


def test_an_agent_who_declines_has_missed_the_call() -> None:
    story = Story((*QUEUED, commands.AlertAgent(agent_id="nurse-7", reservation_epoch=4)))
    (event,) = story.say(answer("nurse-7", 4, accepted=False))
    assert "DECLINED" in str(event)


@pytest.mark.parametrize(("agent_id", "epoch"), [("nurse-8", 4), ("nurse-7", 3)])
def test_an_answer_to_another_reservation_is_passed_over(agent_id: str, epoch: int) -> None:
    story = Story((*QUEUED, commands.AlertAgent(agent_id="nurse-7", reservation_epoch=4)))
    assert story.say(answer(agent_id, epoch, accepted=True)) == ()


def test_an_accepted_offer_is_on_the_state_before_the_leg_is() -> None:
    story = Story((*QUEUED, commands.AlertAgent(agent_id="nurse-7", reservation_epoch=4)))
    assert names(story.say(answer("nurse-7", 4, accepted=True))) == ["AgentAccepted"]
    assert story.now.offer is not None
    assert story.now.offer.accepted
    assert story.say(answer("nurse-7", 4, accepted=True)) == ()


def test_one_agent_is_rung_at_a_time() -> None:
    story = Story(RINGING)
    assert story.say(commands.AlertAgent(agent_id="nurse-7", reservation_epoch=4)) == ()
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        story.say(commands.AlertAgent(agent_id="nurse-8", reservation_epoch=1))


def test_only_the_leg_of_the_agent_who_is_rung_can_be_connected() -> None:
    story = Story(RINGING)
    with pytest.raises(InvalidError, match="WRONG_ROLE"):
        story.say(commands.ConnectAgent(leg_id=CALLER))
    story.say(add("leg-c-other", LEG_ROLE_HUMAN_AGENT, party="nurse-8"))
    with pytest.raises(InvalidError, match="WRONG_ROLE"):
        story.say(commands.ConnectAgent(leg_id="leg-c-other"))


def test_connecting_twice_is_connecting_once() -> None:
    assert Story(BRIDGED).say(commands.ConnectAgent(leg_id=AGENT)) == ()


def test_a_transfer_to_another_queue_silences_the_agent_who_had_the_call() -> None:
    story = Story(BRIDGED)
    assert names(story.say(commands.Enqueue(queue="billing"))) == ["CallQueued", "RoutingSet"]
    rows: dict[str, tuple[str, ...]] = {row.leg_id: row.hears for row in story.now.routing}
    assert rows[CALLER] == ()


def test_voicemail_starts_once() -> None:
    story = Story(QUEUED)
    assert names(story.say(commands.StartVoicemail())) == ["VoicemailStarted"]
    assert story.say(commands.StartVoicemail()) == ()
    with pytest.raises(WrongStateError, match="WRONG_PHASE"):
        Story(RINGING).say(commands.StartVoicemail())


def test_the_ai_agent_talks_on_when_a_callback_is_booked() -> None:
    story = Story(TALKED)
    book = commands.BookCallback(number="5550100", at=Timestamp(seconds=1_760_086_400))
    assert names(story.say(book)) == ["CallbackBooked"]
    assert story.say(book) == ()
    assert story.now.ai_engaged
    assert story.now.callback is not None
    assert story.now.callback.at_us == 1_760_086_400_000_000
