"""Legs, who hears whom, and what a leg's end means."""

from __future__ import annotations

import pytest
from call_story import (
    AGENT,
    AI,
    BRIDGED,
    CALLER,
    ENGAGED,
    INTAKE,
    OFFERED,
    RINGING,
    SUPERVISOR,
    TALKED,
    Story,
    add,
    connected,
    ended,
    leg_fact,
    names,
)

from cordboard.call.v1 import call_pb2, facts_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, WrongStateError
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_AI_AGENT,
    LEG_ROLE_CALLER,
    LEG_ROLE_COPILOT,
    LEG_ROLE_HUMAN_AGENT,
    LEG_ROLE_SUPERVISOR,
    LEG_STATE_ALERTING,
    LEG_STATE_CONNECTED,
    LEG_STATE_FAILED,
)


def hears(story: Story) -> dict[str, tuple[str, ...]]:
    return {row.leg_id: tuple(row.hears) for row in story.now.routing}


def test_caller_and_ai_agent_hear_each_other_from_the_joining_of_its_leg() -> None:
    story = Story(INTAKE)
    assert names(story.say(add(AI, LEG_ROLE_AI_AGENT))) == ["LegAdded", "RoutingSet"]
    assert hears(story) == {CALLER: (AI,), AI: (CALLER,)}


def test_a_released_ai_agent_hears_nobody() -> None:
    story = Story(ENGAGED)
    events = story.say(commands.ReleaseAi(outcome=call_pb2.TALK_OUTCOME_FAULT))
    assert names(events) == ["AiReleased", "RoutingSet"]
    assert hears(story) == {CALLER: (), AI: ()}


def test_a_human_agent_is_silent_until_connected() -> None:
    story = Story(RINGING)
    assert hears(story).get(AGENT, ()) == ()
    story.say(commands.ConnectAgent(leg_id=AGENT))
    assert hears(story) == {CALLER: (AGENT,), AGENT: (CALLER,), AI: ()}


def test_hold_is_silence_both_ways_and_retrieving_ends_it() -> None:
    story = Story(BRIDGED)
    before = hears(story)
    assert names(story.say(commands.HoldLeg(leg_id=CALLER))) == ["LegHeld", "RoutingSet"]
    assert hears(story)[CALLER] == ()
    assert CALLER not in hears(story)[AGENT]
    assert story.say(commands.HoldLeg(leg_id=CALLER)) == ()
    story.say(commands.RetrieveLeg(leg_id=CALLER))
    assert hears(story) == before
    assert story.say(commands.RetrieveLeg(leg_id=CALLER)) == ()


def test_a_supervisor_whispers_to_the_agent_alone() -> None:
    assert hears(Story(BRIDGED)) == {
        CALLER: (AGENT,),
        AI: (),
        AGENT: (CALLER, SUPERVISOR),
        SUPERVISOR: (CALLER, AGENT),
    }


def test_a_supervisor_who_barges_is_heard_by_all() -> None:
    story = Story(BRIDGED)
    story.say(commands.SuperviseLeg(leg_id=SUPERVISOR, mode=call_pb2.SUPERVISION_MODE_BARGE))
    assert hears(story)[CALLER] == (AGENT, SUPERVISOR)


def test_a_supervisor_who_monitors_is_heard_by_nobody() -> None:
    story = Story(BRIDGED)
    story.say(commands.SuperviseLeg(leg_id=SUPERVISOR, mode=call_pb2.SUPERVISION_MODE_MONITOR))
    assert hears(story)[AGENT] == (CALLER,)


def test_only_a_supervisor_supervises() -> None:
    with pytest.raises(InvalidError, match="WRONG_ROLE"):
        Story(BRIDGED).say(commands.SuperviseLeg(leg_id=AGENT, mode=call_pb2.SUPERVISION_MODE_MONITOR))


def test_a_copilot_hears_all_and_is_heard_by_nobody() -> None:
    story = Story(BRIDGED)
    story.say(add("leg-e-copilot", LEG_ROLE_COPILOT))
    assert hears(story)["leg-e-copilot"] == (CALLER, AGENT)
    assert all("leg-e-copilot" not in heard for heard in hears(story).values())


def test_adding_a_leg_twice_is_adding_it_once() -> None:
    story = Story(OFFERED)
    assert story.say(add(CALLER, LEG_ROLE_CALLER)) == ()
    with pytest.raises(ConflictError, match="LEG_EXISTS"):
        story.say(add(CALLER, LEG_ROLE_AI_AGENT))


def test_a_leg_takes_the_place_of_one_in_its_own_role() -> None:
    story = Story(BRIDGED)
    with pytest.raises(InvalidError, match="WRONG_ROLE"):
        story.say(add("leg-x", LEG_ROLE_CALLER, replaces=AGENT))
    with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
        story.say(add("leg-x", LEG_ROLE_CALLER, replaces="leg-y"))


def test_a_leg_takes_the_place_of_its_own_partys_only() -> None:
    story = Story(BRIDGED)
    before = story.now
    for role, replaced in ((LEG_ROLE_CALLER, CALLER), (LEG_ROLE_HUMAN_AGENT, AGENT), (LEG_ROLE_SUPERVISOR, SUPERVISOR)):
        with pytest.raises(ForbiddenError, match="LEG_NOT_YOURS"):
            story.say(add("leg-x", role, replaces=replaced, party="somebody-else"))
    assert story.now is before


def test_a_replacing_leg_inherits_ears_voice_and_place() -> None:
    story = Story(BRIDGED)
    story.say(add("leg-c-agent-2", LEG_ROLE_HUMAN_AGENT, replaces=AGENT, party="nurse-7"))
    assert hears(story)[CALLER] == ("leg-c-agent-2",)
    assert story.now.offer is not None
    assert story.now.offer.leg_id == "leg-c-agent-2"
    assert story.say(ended(AGENT, "REPLACED")) == ()


def test_a_new_instance_of_the_voice_agent_takes_over_the_talk() -> None:
    story = Story(ENGAGED)
    story.say(add("leg-b-ai-2", LEG_ROLE_AI_AGENT, replaces=AI, party="front-desk-intake"))
    assert story.now.ai_engaged
    assert story.now.talk is not None
    assert story.now.talk.leg_id == "leg-b-ai-2"
    assert hears(story)[CALLER] == ("leg-b-ai-2",)


def test_an_unknown_or_ended_leg_cannot_be_held() -> None:
    story = Story(BRIDGED)
    with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
        story.say(commands.HoldLeg(leg_id="leg-x"))
    story.say(ended(AGENT))
    with pytest.raises(WrongStateError, match="LEG_OVER"):
        story.say(commands.HoldLeg(leg_id=AGENT))


def test_facts_of_an_earlier_placement_are_passed_over() -> None:
    story = Story(INTAKE)
    story.say(commands.PlaceCall(node_id="media-node-2", placement_epoch=2))
    assert story.say(ended(CALLER, epoch=1)) == ()
    assert names(story.say(connected(CALLER, epoch=2))) == ["LegStateTaken"]


def test_a_legs_connection_only_goes_up() -> None:
    story = Story(INTAKE)
    assert story.say(leg_fact(CALLER, LEG_STATE_ALERTING)) == ()
    assert story.say(leg_fact("leg-x", LEG_STATE_CONNECTED)) == ()


def test_a_caller_who_hangs_up_ends_the_call() -> None:
    assert names(Story(TALKED).say(ended(CALLER)))[-1] == "WrapUpStarted"


def test_a_caller_who_vanished_may_come_back() -> None:
    story = Story(TALKED)
    assert names(story.say(ended(CALLER, "SILENT"))) == ["LegStateTaken", "RoutingSet"]
    assert story.now.caller_away
    story.say(add("leg-a-caller-2", LEG_ROLE_CALLER, replaces=CALLER))
    assert not story.now.caller_away
    assert hears(story) == {"leg-a-caller-2": (AI,), AI: ("leg-a-caller-2",)}


def test_a_caller_who_never_connects_fails_the_call() -> None:
    story = Story(OFFERED)
    events = story.say(leg_fact(CALLER, LEG_STATE_FAILED, "DTLS_FAILED"))
    assert names(events) == ["LegStateTaken", "CallFailed"]
    assert story.now.end_reason == "DTLS_FAILED"


def test_a_human_agent_who_leaves_does_not_end_the_call() -> None:
    story = Story(BRIDGED)
    assert names(story.say(ended(AGENT))) == ["LegStateTaken", "RoutingSet"]
    assert story.now.phase == call_pb2.PHASE_AGENT_CONNECTED


def test_a_human_agent_who_is_lost_while_ringing_has_missed_the_call() -> None:
    story = Story(RINGING)
    assert names(story.say(ended(AGENT, "SILENT"))) == ["LegStateTaken", "AgentMissed"]
    assert story.now.phase == call_pb2.PHASE_QUEUED


def test_an_ai_leg_that_ends_in_the_talk_ends_it_with_a_fault() -> None:
    story = Story(ENGAGED)
    assert names(story.say(ended(AI, "LOST"))) == ["LegStateTaken", "AiReleased", "RoutingSet"]
    assert story.now.talk_outcome == call_pb2.TALK_OUTCOME_FAULT


def test_a_voice_port_that_is_released_after_the_talk_ends_its_leg() -> None:
    story = Story((*ENGAGED, commands.ReleaseAi(outcome=call_pb2.TALK_OUTCOME_DONE)))
    story.say(facts_pb2.VoicePortChanged(leg_id=AI, attached=False, reason="RELEASED"))
    leg = story.now.leg(AI)
    assert leg is not None
    assert not leg.living


@pytest.mark.parametrize("reason", ["LOST", "RELEASED"])
def test_a_voice_port_that_closes_in_the_talk_may_be_opened_again(reason: str) -> None:
    story = Story(ENGAGED)
    story.say(facts_pb2.VoicePortChanged(leg_id=AI, attached=False, reason=reason))
    leg = story.now.leg(AI)
    assert leg is not None
    assert leg.state == LEG_STATE_ALERTING
    assert story.now.ai_engaged
    events = story.say(facts_pb2.VoicePortChanged(leg_id=AI, attached=True))
    assert names(events) == ["LegStateTaken"]
