"""The dialogue policy with several callers: those who book, those who want a person, those who are hard to follow."""

import pytest
from voice_agent_talk import Talk

from cordboard.call.v1.call_pb2 import TalkOutcome, Urgency
from cordboard.call.v1.facts_pb2 import ConsentAnswered, SlotsFilled

PERSONAS = {
    "brief": ("Yes.", "Maria Lopez.", "Back pain.", "555-0123.", "No.", "The first one.", "No."),
    "talkative": (
        "Oh sure, that's absolutely fine with me.",
        "Well, um, my name is Kwame Nkrumah.",
        "So, I've been having these headaches for about two weeks now.",
        "You can reach me on four one five, five five five, double oh one two.",
        "It's kind of urgent, it's getting worse.",
        "Hmm, Wednesday at two thirty would be great.",
        "No, that is all, thank you so much. Bye bye.",
    ),
    "refuses recording": (
        "No, please do not record this call.",
        "It's Priya Raman.",
        "I need a refill of my prescription.",
        "+1 (212) 555-0187",
        "Whenever.",
        "Tomorrow.",
        "That's all, thanks.",
    ),
    "all at once": (
        "Yes. My name is James O'Connor, I'm calling about a rash on my arm and my number is 5 5 5 0 1 4 4.",
        "No rush.",
        "The later one.",
        "Nothing else.",
    ),
    "lower case recogniser": (
        "yeah go ahead",
        "it's fatima al zahra",
        "my ear hurts",
        "five five five oh one nine nine",
        "it can wait a few days",
        "tuesday",
        "no thank you goodbye",
    ),
}
EXPECTED = {
    "brief": ("Maria Lopez", "5550123", "Back pain", "routine", "s-1", True),
    "talkative": (
        "Kwame Nkrumah", "4155550012", "I've been having these headaches for about two weeks now", "soon", "s-2", True,
    ),
    "refuses recording": ("Priya Raman", "+12125550187", "a refill of my prescription", "routine", "s-1", False),
    "all at once": ("James O'Connor", "5550144", "a rash on my arm", "routine", "s-2", True),
    "lower case recogniser": ("Fatima Al Zahra", "5550199", "my ear hurts", "routine", "s-1", True),
}  # fmt: skip


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_persona_books_what_they_asked_for(persona: str) -> None:
    talk = Talk()
    farewell = talk.say_all(*PERSONAS[persona])

    name, number, reason, urgency, slot_id, consents = EXPECTED[persona]
    assert (talk.value("name"), talk.value("callback_number")) == (name, number)
    assert (talk.value("reason"), talk.value("urgency")) == (reason, urgency)
    assert [tool.name for tool in talk.tools] == ["healthcare.find_slot", "healthcare.book_appointment"]
    booking = talk.tools[1].arguments
    assert (booking["slot_id"], booking["name"], booking["callback_number"]) == (slot_id, name, number)
    assert [fact.given for fact in talk.facts if isinstance(fact, ConsentAnswered)] == [consents]
    assert farewell.endswith("Goodbye.")
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_DONE
    assert talk.move.ends_after_speech


def test_a_booking_call_is_short() -> None:
    talk = Talk()
    spoken = [talk.said]
    for text in PERSONAS["brief"]:
        spoken.append(talk.say(text))

    # About 15 letters a second: the agent's side stays below 30 seconds.
    assert sum(map(len, spoken)) / 15 < 30


@pytest.mark.parametrize(
    "wish",
    [
        "Can I talk to a person?",
        "Operator.",
        "I would rather speak to a person, please.",
        "Could you put me through to someone real?",
        "I want to speak to someone.",
        "No, I want a real person.",
        "Give me a human!",
        "I'd like to speak with a nurse.",
        "Representative!",
        "Can I talk to the receptionist, please?",
    ],
)
def test_a_caller_who_asks_for_a_person_gets_one_with_all_that_was_learnt(wish: str) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Walter Brooks.", "A swollen ankle.")
    reply = talk.say(wish)

    assert "get someone for you" in reply
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_WANTS_HUMAN
    assert talk.ending.skills == ["front-desk"]
    assert "Walter Brooks" in talk.ending.summary
    assert "swollen ankle" in talk.ending.summary
    assert talk.move.ends_after_speech


def test_a_person_can_be_asked_for_before_anything_else() -> None:
    talk = Talk()
    talk.say("Hi, this is Tom Baker, can I speak to someone about my bill?")

    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_WANTS_HUMAN
    assert "Tom Baker" in talk.ending.summary


@pytest.mark.parametrize(
    ("words", "red_line"),
    [
        ("I have chest pain.", "chest_pain"),
        ("There's this tightness in my chest.", "chest_pain"),
        ("I can't breathe.", "breathing"),
        ("I'm short of breath.", "breathing"),
        ("I've been feeling suicidal.", "self_harm"),
        ("I want to kill myself.", "self_harm"),
        ("My father is not responding.", "unconscious"),
        ("It won't stop bleeding.", "bleeding"),
        ("This is an emergency.", "emergency"),
    ],
)
def test_a_red_line_goes_to_a_clinical_person_at_once(words: str, red_line: str) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.")
    talk.say(words)

    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_RED_LINE
    assert (talk.ending.red_line, list(talk.ending.skills)) == (red_line, ["clinical"])
    assert talk.ending.urgency == Urgency.URGENCY_URGENT
    assert talk.move.ends_after_speech


@pytest.mark.parametrize("words", ["My knee, I don't have any chest pain.", "It's not an emergency, my ear hurts."])
def test_a_red_line_that_is_denied_is_none(words: str) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", words)

    assert talk.ending is None
    assert talk.value("reason")


def test_three_misunderstandings_in_a_row_bring_a_person() -> None:
    talk = Talk(ask_consent=False)
    first = talk.say("Blue elephants sing at the seaside forever tonight.", confidence=0.2)
    second = talk.say("I don't know.")
    third = talk.say("What?!", confidence=0.1)

    assert first == "Sorry, I didn't get that. Could you tell me your first and last name?"
    assert second == "Sorry, I didn't get that. Could you spell your name for me?"
    assert third == "Let me get a colleague to help you."
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


def test_what_was_understood_in_between_starts_the_count_anew() -> None:
    talk = Talk(ask_consent=False)
    talk.say_all("I don't know.", "Well.", "Ann Lee.", "I don't know.", "I'm not sure.")

    assert talk.ending is None
    assert talk.value("name") == "Ann Lee"


def test_unclear_consent_is_asked_for_once_more_and_then_counts_as_refused() -> None:
    talk = Talk()
    assert talk.say("Who is this?") == "Sorry, is it okay to record this call?"
    assert talk.say("What do you mean?").startswith("Okay, we won't record.")

    assert [fact.given for fact in talk.facts if isinstance(fact, ConsentAnswered)] == [False]


def test_what_is_said_beside_the_consent_is_kept() -> None:
    talk = Talk()
    reply = talk.say("Hi, this is Tom Baker, I need a refill of my pills.")
    assert reply == "Sorry, is it okay to record this call?"
    assert talk.say("Yes.") == "Thank you. What number can we reach you on?"


def test_a_question_that_was_not_heard_is_not_answered_by_a_yes() -> None:
    from dataclasses import replace

    from cordboard.voice_agent.dialogue import policy

    talk = Talk()
    unheard = policy.played(talk.move.state, "Lakeside Clinic,", interrupted=True)
    talk.move = replace(talk.move, state=unheard)

    assert talk.say("Yes.") == "Sorry, is it okay to record this call?"
    heard = policy.played(talk.move.state, "Sorry, is it okay to record this", interrupted=True)
    assert heard.question_heard


def test_a_number_in_parts_is_put_together() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say("Four one five.") == "And the rest?"
    assert talk.say("Five five five.") == "And the rest?"
    assert talk.say("Zero one two three.").startswith("I have four one five, five five five, zero one two three.")


def test_a_wrong_number_is_corrected_while_the_next_question_stands() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.")
    reply = talk.say("No, it's five five five, oh one nine eight.")

    assert reply == "I have five five five, zero one nine eight. Is it urgent?"
    assert talk.value("callback_number") == "5550198"
    assert talk.value("urgency") == ""


def test_a_number_that_is_only_called_wrong_is_asked_for_again() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.")

    assert talk.say("That's wrong.") == "What number can we reach you on?"
    assert talk.value("callback_number") == ""


def test_a_caller_who_restarts_the_number_is_taken_at_the_second_word() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "It's five five six, no sorry five five five, oh one two three.")

    assert talk.value("callback_number") == "5550123"


def test_a_wrong_name_is_corrected() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Mario Lopez.")
    talk.say("No, it's Maria Lopez.")

    assert talk.value("name") == "Maria Lopez"
    slots = [fact.slots.name for fact in talk.facts if isinstance(fact, SlotsFilled)]
    assert slots == ["Mario Lopez", "Maria Lopez"]


def test_only_wanting_a_visit_is_no_reason_at_first() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.")
    assert "what should the doctor look at?" in talk.say("I'd like to book an appointment.")
    talk.say("An appointment with a doctor.")
    assert talk.value("reason")


def test_another_day_is_looked_for_and_the_wish_goes_with_the_search() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.", "No.")
    talk.say("Do you have anything on Thursday afternoon?")

    assert dict(talk.tools[-1].arguments)["weekday"] == "thursday"
    assert dict(talk.tools[-1].arguments)["part_of_day"] == "afternoon"
    talk.say("Neither.")
    assert talk.tools[-1].arguments["after"] == "2026-03-04T14:30:00-05:00"
    assert [tool.tool_call_id for tool in talk.tools] == ["call-1/5/1", "call-1/6/1", "call-1/7/1"]


def test_a_wish_that_cannot_be_met_falls_back_to_what_is_free() -> None:
    talk = Talk(tools=False)
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.", "No.")
    talk.settle()
    talk.say("Friday.")
    talk.offers = {}
    assert talk.settle() == "I have nothing free then."
    assert talk.tools[-1].tool_call_id == "call-1/6/2"
    assert "weekday" not in talk.tools[-1].arguments


def test_a_taken_appointment_is_said_and_others_are_looked_for() -> None:
    talk = Talk(tools=False)
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.", "No.")
    talk.settle()
    talk.say("The first one.")
    assert talk.settle("failed", "SLOT_TAKEN") == "That time was just taken."
    assert talk.tools[-1].name == "healthcare.find_slot"
    assert talk.settle().startswith("I have tomorrow at ten")


@pytest.mark.parametrize(
    ("outcome", "line"),
    [("failed", "I can't reach our calendar right now."), ("unknown", "I'm not sure the booking went through.")],
)
def test_a_booking_that_is_not_known_to_be_done_is_never_called_done(outcome: str, line: str) -> None:
    talk = Talk(tools=False)
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.", "No.")
    talk.settle()
    talk.say("The first one.")
    reply = talk.settle(outcome)

    assert reply.startswith(line)
    assert "booked" not in reply
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE


def test_a_result_that_nobody_waits_for_changes_nothing() -> None:
    talk = Talk(tools=False)
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "555 0199.", "No.")
    talk.settle()
    before = talk.move.state
    assert talk.settle() == ""
    assert talk.move.state == before


def test_a_question_that_the_profile_can_answer_is_answered_and_the_agent_goes_on() -> None:
    talk = Talk()
    talk.say("Yes.")
    assert talk.say("When are you open?") == "We're open from eight to six on weekdays. What's your name?"
    assert talk.say("Am I talking to a person?").startswith("I'm the clinic's automated assistant.")
    assert talk.ending is None


def test_the_agent_repeats_itself_on_request() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.")
    assert talk.say("Sorry, what was that?") == "Thanks, Ann. What is the visit about?"
    assert talk.say("Sorry?") == "Thanks, Ann. What is the visit about?"


def test_a_caller_who_needs_a_moment_gets_it() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say("Hold on, let me look it up.") == "Take your time."
    talk.say("555 0199.")
    assert talk.value("callback_number") == "5550199"


def test_silence_is_broken_twice_and_then_ends_the_call() -> None:
    talk = Talk()
    talk.say("Yes.")
    assert talk.fall_silent() == "Are you still there? What's your name?"
    assert talk.fall_silent() == "Are you still there? What's your name?"
    assert talk.fall_silent().startswith("I can't hear you")
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_CALLER_LEFT


def test_a_word_of_the_caller_starts_the_silence_anew() -> None:
    talk = Talk()
    talk.say("Yes.")
    talk.fall_silent()
    talk.fall_silent()
    talk.say("Ann Lee.")
    assert talk.fall_silent().startswith("Are you still there?")


def test_a_goodbye_before_the_end_means_that_the_caller_left() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.")
    assert talk.say("Sorry, I have to go, bye.") == "Thank you for calling. Goodbye."
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_CALLER_LEFT


@pytest.mark.parametrize("wish", ["I need to cancel my appointment.", "Can I reschedule?"])
def test_what_the_agent_cannot_do_goes_to_a_person(wish: str) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", wish)
    assert talk.ending is not None
    assert talk.ending.outcome == TalkOutcome.TALK_OUTCOME_WANTS_HUMAN
    assert "change an appointment" in talk.ending.summary


def test_a_new_number_after_the_booking_is_noted() -> None:
    talk = Talk()
    talk.say_all(*PERSONAS["brief"][:-1])
    assert talk.say("Yes, my number is actually 555 0177.") == (
        "Okay, five five five, zero one seven seven. Anything else?"
    )
    assert talk.say("No, thanks.").endswith("Goodbye.")


def test_nothing_is_answered_after_the_end() -> None:
    talk = Talk()
    talk.say("Operator.")
    turn = talk.move.state.turn
    assert talk.say("Hello?") == ""
    assert talk.move.state.turn == turn + 1


def test_a_number_of_no_known_length_is_asked_for_again() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say("6 4 6, 5 5 5 5, 0 1 1 9.").endswith("Please say your phone number, digit by digit.")
    talk.say("646 555 0119.")
    assert talk.value("callback_number") == "6465550119"


@pytest.mark.parametrize("numbers", [("5 5 5, 0 1 3, 2 4.", "555 013 2476."), ("555 013 24.", "76.")])
def test_a_number_that_lacks_digits_is_completed_or_said_anew(numbers: tuple[str, str]) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say(numbers[0]) == "And the rest?"
    talk.say(numbers[1])
    assert talk.value("callback_number") == "5550132476"


@pytest.mark.parametrize("misheard", ["It is by five, five, zero, one, four, two.", "Five, five, five, zero, one."])
def test_a_caller_who_is_misheard_twice_alike_is_asked_for_the_whole_number_again(misheard: str) -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say(misheard) == "And the rest?"
    assert talk.say(misheard) == "Sorry, I didn't get that. Please say your phone number, digit by digit."
    assert talk.say("Five five five.") == "And the rest?"
    assert talk.say("Zero one four two.").startswith("I have five five five, zero one four two.")


def test_a_question_between_the_parts_of_a_number_begins_it_anew() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.")
    assert talk.say("Four one five.") == "And the rest?"
    assert talk.say("Hello?").endswith("What number can we reach you on?")
    talk.say("4 1 5 5 5 5 0 1 8 7.")
    assert talk.value("callback_number") == "4155550187"


def test_consent_that_is_taken_back_is_logged_and_the_call_goes_on() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.")
    assert talk.say("Actually, please don't record this.") == "Okay, we won't record. What is the visit about?"
    assert talk.say("Please do not record this call.") == "Okay. What is the visit about?"
    assert [fact.given for fact in talk.facts if isinstance(fact, ConsentAnswered)] == [True, False]


def test_a_digit_too_many_in_a_run_is_left_out_at_the_second_try_and_read_back() -> None:
    talk = Talk()
    talk.say_all("Yes.", "Ann Lee.", "My ear hurts.", "4 1 5 5 5 5 5 0 1 8 7.")
    assert talk.value("callback_number") == ""
    assert talk.say("4 1 5 5 5 5 5 0 1 8 7.").startswith("I have four one five, five five five, zero one eight seven.")
