"""Taking up a call at whatever point the other instance died: nothing wrong is learnt, nothing is done twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rejoined_talk import TakenUpTalk, context_of
from voice_agent_talk import Talk

from cordboard.call.v1.call_pb2 import Consent, TalkOutcome
from cordboard.call.v1.facts_pb2 import ConsentAnswered
from cordboard.voice.v1.voice_agent_service_pb2 import ContextTurn, ConversationContext

REJOIN = "Sorry, the line dropped for a moment."
NUMBER_SAID = "I have five five five, zero one four two."
OFFERS = "I have tomorrow at ten, or Wednesday at two thirty. Which is better?"
LINES = ("Yes, that is fine.", "Peter Hall.", "I have a sore throat.", "555 0142.", "It can wait.", "Wednesday.")
"""What a caller says from consent to booking, one line for each question."""
STANDING = (
    "May we record this call?",
    "What's your name?",
    "What is the visit about?",
    "What number can we reach you on?",
    f"{NUMBER_SAID} Is it urgent?",
    OFFERS,
    "You're booked for Wednesday at two thirty. Anything else?",
)
"""The question that stands after so many of the lines."""
TAILS = (
    "Peter Hall, and I am calling about a sore throat.",
    "is about a sore throat.",
    "a sore throat.",
    "throat.",
    "Yes.",
    "No, thank you.",
    "Yes, that's fine.",
    "It's five five five, zero one four two.",
    "zero one four two, and it can wait.",
    "Four one five, five five five, zero one four two.",
    "urgent.",
    "Wednesday at two thirty, please.",
    "the first one.",
    "No, that's wrong.",
    "Sorry, what?",
    "Okay, bye.",
    "My name is Rose Miller.",
)


def died_after(lines: int) -> ConversationContext:
    """Give the context of a talk whose voice agent died when so many lines had been answered, over the answer."""
    talk = Talk()
    talk.say_all(*LINES[:lines])
    context = context_of(talk)
    # The greeting was heard; without it nobody would have to take anything up.
    context.turns.insert(0, ContextTurn(speaker="agent", text="Lakeside Clinic, this is Robin."))
    return context


@pytest.mark.parametrize("lines", range(len(STANDING)))
def test_the_question_that_stands_is_asked(lines: int) -> None:
    assert TakenUpTalk(died_after(lines)).said == f"{REJOIN} {STANDING[lines]}"


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("lines", range(len(STANDING)))
def test_nothing_is_learnt_from_what_was_said_before_the_question_was_heard(lines: int, tail: str) -> None:
    talk = TakenUpTalk(died_after(lines))
    before = talk.move.state
    talk.cut_off("Sorry, the line")
    reply = talk.say(tail)
    assert talk.move.state.values == before.values
    assert (talk.tools, talk.facts, talk.ending) == ([], [], None)
    assert reply.startswith(REJOIN)
    assert reply.endswith(STANDING[lines].rpartition(". ")[2])


@given(st.integers(0, len(STANDING) - 1), st.lists(st.sampled_from(LINES + TAILS), max_size=3), st.booleans())
def test_tails_in_any_order_do_not_keep_the_call_from_its_end(lines: int, tails: list[str], heard_late: bool) -> None:
    talk = TakenUpTalk(died_after(lines))
    for tail in tails:
        talk.cut_off()
        talk.say(tail)
    talk.hear_out(since_us=1_000 if heard_late else 0)
    talk.now_us = 2_000
    for line in LINES[lines:]:
        talk.say(line)
        while talk.move.tools:
            talk.settle()
    assert [talk.value(name) for name in ("name", "reason", "callback_number", "urgency")] == [
        "Peter Hall", "I have a sore throat", "5550142", "routine",
    ]  # fmt: skip
    assert talk.move.state.booked
    assert [tool.name for tool in talk.tools].count("healthcare.book_appointment") == (lines < len(LINES))


def test_speech_that_goes_on_from_before_the_question_to_after_it_is_no_answer() -> None:
    talk = TakenUpTalk(died_after(1))
    talk.hear_out(since_us=5_000_000)
    talk.now_us = 4_900_000
    assert talk.say("a sore throat.") == f"{REJOIN} What's your name?"
    talk.now_us = 9_000_000
    assert talk.say("Peter Hall.") == "Thanks, Peter. What is the visit about?"


def test_a_question_that_was_cut_off_near_its_end_is_answered() -> None:
    talk = TakenUpTalk(died_after(1))
    talk.cut_off(f"{REJOIN} What's your")
    assert talk.say("Peter Hall.") == "Thanks, Peter. What is the visit about?"


@pytest.mark.parametrize(
    ("tail", "outcome"),
    [
        ("and I have chest pain.", TalkOutcome.TALK_OUTCOME_RED_LINE),
        ("talk to a person, Peter Hall.", TalkOutcome.TALK_OUTCOME_WANTS_HUMAN),
    ],
)
def test_danger_and_the_wish_for_a_person_count_whenever_they_are_said(
    tail: str, outcome: TalkOutcome.ValueType
) -> None:
    talk = TakenUpTalk(died_after(1))
    talk.cut_off()
    talk.say(tail)
    assert talk.ending is not None
    assert talk.ending.outcome == outcome
    assert not talk.value("name")


def test_a_caller_who_talks_into_every_question_gets_a_person() -> None:
    talk = TakenUpTalk(died_after(2))
    for _ in range(4):
        talk.cut_off()
        talk.say("and so on and so on.")
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


def test_a_consent_that_was_answered_is_not_asked_for_again() -> None:
    context = died_after(1)
    context.consent = Consent.CONSENT_REFUSED
    assert TakenUpTalk(context, ask_consent=True).said == f"{REJOIN} What's your name?"


def test_a_yes_to_the_dead_is_no_consent() -> None:
    talk = TakenUpTalk(died_after(0))
    talk.cut_off()
    talk.say("Yes, that is fine.")
    assert not any(isinstance(fact, ConsentAnswered) for fact in talk.facts)
    talk.hear_out()
    talk.say("Yes, that is fine.")
    assert [fact for fact in talk.facts if isinstance(fact, ConsentAnswered)] == [
        ConsentAnswered(given=True, turn_id=talk.move.state.turn_id)
    ]


def test_a_number_that_was_read_back_is_not_read_back_again() -> None:
    context = died_after(4)
    context.turns.append(ContextTurn(speaker="agent", text=f"{NUMBER_SAID} Is it—"))
    assert TakenUpTalk(context).said == f"{REJOIN} Is it urgent?"


def test_a_number_that_was_not_read_back_can_still_be_denied() -> None:
    talk = TakenUpTalk(died_after(4))
    talk.hear_out()
    assert talk.say("No, that's wrong.") == "What number can we reach you on?"


def test_half_a_number_is_asked_for_as_a_whole() -> None:
    dead = Talk()
    dead.say_all(*LINES[:3], "Five five five.")
    talk = TakenUpTalk(context_of(dead))
    talk.cut_off()
    assert talk.say("Zero one four two.") == f"{REJOIN} What number can we reach you on?"
    talk.hear_out()
    talk.say("Five five five, zero one four two.")
    assert talk.value("callback_number") == "5550142"


def died_over_a_tool(lines: int, reason: str = "", *, settled: bool = True) -> ConversationContext:
    """Give the context of a talk whose voice agent died before it could tell what the last line's tool had done."""
    talk = Talk(tools=False)
    for line in LINES[:lines]:
        while talk.move.tools:
            talk.settle()
        talk.say(line)
    assert talk.move.tools
    return context_of(talk, settled=settled, reason=reason)


@pytest.mark.parametrize(("lines", "then"), [(5, OFFERS), (6, STANDING[6])])
def test_a_tool_that_still_runs_is_waited_for_and_nothing_is_learnt_meanwhile(lines: int, then: str) -> None:
    talk = TakenUpTalk(died_over_a_tool(lines, settled=False))
    assert talk.said == f"{REJOIN} One moment."
    talk.hear_out()
    assert talk.say("My name is Rose Miller.") == ""
    assert talk.value("name") == "Peter Hall"
    assert talk.settle_pending() == then
    assert not talk.tools


@pytest.mark.parametrize(("lines", "then"), [(5, OFFERS), (6, STANDING[6])])
def test_a_result_that_went_to_the_dead_is_told(lines: int, then: str) -> None:
    talk = TakenUpTalk(died_over_a_tool(lines))
    assert talk.said == f"{REJOIN} {then}"
    assert not talk.tools


def test_a_booking_that_was_told_is_not_told_again() -> None:
    context = died_over_a_tool(6)
    context.turns.append(ContextTurn(speaker="agent", text="You're booked for Wednesday at two thirty. Anything—"))
    talk = TakenUpTalk(context)
    assert talk.said == f"{REJOIN} Anything else?"
    talk.hear_out()
    assert talk.say("No, that is all.") == "See you then. Goodbye."
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_DONE


def test_a_booking_of_which_nobody_knows_is_never_tried_again() -> None:
    talk = TakenUpTalk(died_over_a_tool(6, "UNKNOWN"))
    assert "I'm not sure the booking went through." in talk.said
    assert not talk.tools
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


def test_an_appointment_that_was_taken_meanwhile_is_looked_for_anew() -> None:
    talk = TakenUpTalk(died_over_a_tool(6, "SLOT_TAKEN"))
    assert talk.said == f"{REJOIN} That time was just taken."
    assert [tool.name for tool in talk.tools] == ["healthcare.find_slot"]
    assert talk.tools[0].tool_call_id not in [call.tool_call_id for call in died_over_a_tool(6).tool_calls]


def test_a_calendar_that_failed_fetches_a_person() -> None:
    talk = TakenUpTalk(died_over_a_tool(5, "CALENDAR_AWAY"))
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ("No, that is all.", TalkOutcome.TALK_OUTCOME_DONE),
        ("I want to talk to a person.", TalkOutcome.TALK_OUTCOME_WANTS_HUMAN),
        ("I have chest pain.", TalkOutcome.TALK_OUTCOME_RED_LINE),
    ],
)
def test_who_takes_over_from_an_agent_that_died_over_its_last_line_ends_the_talk_without_a_word(
    last: str, outcome: TalkOutcome.ValueType
) -> None:
    dead = Talk()
    dead.say_all(*LINES, last)
    talk = TakenUpTalk(context_of(dead, told=["Lakeside Clinic, this is Robin.", dead.said]))
    assert talk.said == ""
    assert dead.ending is not None
    assert talk.ending is not None
    assert talk.ending.outcome == outcome
    assert talk.ending.urgency == dead.ending.urgency
    assert not talk.move.ends_after_speech


def test_a_goodbye_that_the_caller_talked_over_does_not_end_the_talk() -> None:
    context = died_after(6)
    context.turns.append(ContextTurn(speaker="agent", text="See you—"))
    context.turns.append(ContextTurn(speaker="caller", text="Wait."))
    assert TakenUpTalk(context).ending is None
