"""The talk with an AI agent: engagement, slots, tools, release."""

from __future__ import annotations

import pytest
from call_story import (
    AGENT,
    AI,
    BRIDGED,
    CALLER,
    DONE,
    ENGAGED,
    INTAKE,
    TALKED,
    Story,
    add,
    names,
    tool,
)

from cordboard.call.v1 import call_pb2, facts_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.core.ids import tool_call_id
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT


def settled(outcome: str, attempts: int = 1) -> commands.SettleToolCall:
    return commands.SettleToolCall(tool_call_id="t1", outcome=outcome, attempts=attempts)


def test_an_ai_agent_is_engaged_on_its_own_leg() -> None:
    story = Story(INTAKE)
    with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
        story.say(commands.EngageAi(leg_id=AI, profile="intake"))
    with pytest.raises(InvalidError, match="WRONG_ROLE"):
        story.say(commands.EngageAi(leg_id=CALLER, profile="intake"))


def test_one_ai_agent_talks_at_a_time() -> None:
    story = Story((*ENGAGED, add("leg-b-ai-2", LEG_ROLE_AI_AGENT)))
    assert story.say(commands.EngageAi(leg_id=AI, profile="front-desk-intake")) == ()
    with pytest.raises(WrongStateError, match="ALREADY_ENGAGED"):
        story.say(commands.EngageAi(leg_id="leg-b-ai-2", profile="billing"))


def test_a_second_talk_may_follow_the_first() -> None:
    story = Story((*ENGAGED, commands.ReleaseAi(outcome=call_pb2.TALK_OUTCOME_FAULT)))
    assert names(story.say(commands.EngageAi(leg_id=AI, profile="billing"))) == ["AiEngaged", "RoutingSet"]
    assert story.now.talk_outcome == call_pb2.TALK_OUTCOME_UNSPECIFIED


def test_a_human_agent_may_hand_back_to_the_ai_agent() -> None:
    story = Story(BRIDGED)
    story.say(commands.EngageAi(leg_id=AI, profile="front-desk-intake"))
    assert story.now.phase == call_pb2.PHASE_AI_ENGAGED
    rows: dict[str, tuple[str, ...]] = {row.leg_id: row.hears for row in story.now.routing}
    assert (rows[CALLER], rows[AI]) == ((AI,), (CALLER,))
    assert CALLER not in rows[AGENT]


def test_the_end_of_a_talk_is_taken_with_its_hand_over() -> None:
    story = Story(TALKED)
    ended = facts_pb2.ConversationEnded(
        outcome=call_pb2.TALK_OUTCOME_RED_LINE, summary="Chest pain.", red_line="chest-pain", skills=["nurse"]
    )
    assert names(story.say(ended)) == ["AiReleased", "RoutingSet"]
    talk = story.now.talk
    assert talk is not None
    assert (talk.engaged, talk.red_line, talk.skills) == (False, "chest-pain", ("nurse",))
    assert story.say(ended) == ()


def test_the_end_of_another_legs_talk_is_passed_over() -> None:
    ended = facts_pb2.ConversationEnded(outcome=call_pb2.TALK_OUTCOME_DONE, leg_id="leg-b-ai-0")
    assert Story(TALKED).say(ended) == ()


def test_slots_are_taken_when_they_change() -> None:
    story = Story(ENGAGED)
    filled = facts_pb2.SlotsFilled(slots=call_pb2.Slots(name="Ada", extra={"insurer": "acme"}))
    assert names(story.say(filled)) == ["SlotsTaken"]
    assert story.say(filled) == ()
    assert story.now.slots.extra == (("insurer", "acme"),)


def test_slots_that_come_during_wrap_up_are_still_taken_but_not_after_the_end() -> None:
    filled = facts_pb2.SlotsFilled(slots=call_pb2.Slots(name="Ada B."))
    story = Story((*TALKED, commands.HangUp(reason="DONE")))
    assert names(story.say(filled)) == ["SlotsTaken"]
    assert Story(DONE).say(filled) == ()


def test_a_tool_call_is_intended_once_and_its_result_reused() -> None:
    story = Story(ENGAGED)
    assert names(story.say(tool())) == ["ToolCallIntended"]
    assert story.say(tool()) == ()
    assert names(story.say(settled("ok"))) == ["ToolCallSettled"]
    assert story.say(tool()) == ()
    assert story.say(settled("failed")) == ()


def test_a_failed_tool_call_may_be_intended_again_and_its_attempts_go_on() -> None:
    story = Story((*ENGAGED, tool(), settled("failed", attempts=2)))
    assert names(story.say(tool())) == ["ToolCallIntended"]
    story.say(settled("ok", attempts=1))
    (call,) = story.now.tool_calls
    assert (call.outcome, call.attempts) == ("ok", 3)


def test_a_tool_call_with_an_unknown_outcome_is_never_tried_again() -> None:
    assert Story((*ENGAGED, tool(), settled("unknown"))).say(tool()) == ()


def test_a_tool_asked_for_after_the_talk_is_not_called() -> None:
    story = Story((*ENGAGED, commands.ReleaseAi(outcome=call_pb2.TALK_OUTCOME_DONE)))
    assert story.say(tool()) == ()


def test_a_tool_call_that_was_under_way_at_the_end_still_has_an_outcome() -> None:
    story = Story((*ENGAGED, tool(), commands.HangUp(reason="CALLER_HUNG_UP"), commands.CompleteCall()))
    assert names(story.say(settled("ok"))) == ["ToolCallSettled"]
    assert story.now.phase == call_pb2.PHASE_COMPLETED


def test_a_tool_call_that_nobody_intended_cannot_be_settled() -> None:
    with pytest.raises(NotFoundError, match="TOOL_CALL_NOT_FOUND"):
        Story(ENGAGED).say(settled("ok"))
    with pytest.raises(InvalidError, match="FIELD_INVALID"):
        Story((*ENGAGED, tool())).say(settled("perhaps"))


def test_engine_versions_of_several_reports_add_up() -> None:
    story = Story(ENGAGED)
    assert names(story.say(facts_pb2.EngineVersionsReported(versions={"tts": "2"}))) == ["EngineVersions"]
    assert dict(story.now.engines) == {"asr": "moonshine-voice 0.0.73 tiny-en", "tts": "2"}
    assert story.say(facts_pb2.EngineVersionsReported(versions={"tts": "2"})) == ()


def test_the_same_profile_is_pinned_once() -> None:
    story = Story(ENGAGED)
    pin = commands.PinProfile(name="front-desk-intake", version="1", digest=b"d" * 32)
    assert story.say(pin) == ()
    pin.version = "2"
    assert names(story.say(pin)) == ["ProfilePinned"]


def test_a_tool_calls_id_is_derived_from_call_turn_and_ordinal() -> None:
    assert tool_call_id("c", "u1", 1) == tool_call_id("c", "u1", 1) != tool_call_id("c", "u1", 2)
