"""What the recognisers make of the ways in which people say names, numbers, reasons, urgency, yes and no."""

import pytest

from cordboard.call.v1.call_pb2 import Urgency
from cordboard.voice_agent.dialogue.person_name import find_name
from cordboard.voice_agent.dialogue.spoken_digits import all_digits, digit_runs, say_digits
from cordboard.voice_agent.dialogue.urgency_words import urgency_of
from cordboard.voice_agent.dialogue.visit_reason import find_reason
from cordboard.voice_agent.dialogue.words import affirms, words_of
from cordboard.voice_agent.dialogue.yes_no import is_bare, yes_or_no


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Maria Lopez.", "Maria Lopez"),
        ("Sure, it is Maria Lopez.", "Maria Lopez"),
        ("My name is Walter Brooks.", "Walter Brooks"),
        ("Yeah, this is Dr. Anne-Marie O'Neill, I'm calling about my back.", "Anne-Marie O'Neill"),
        ("it's priya", "Priya"),
        ("My name's Kwame Nkrumah and I need an appointment.", "Kwame Nkrumah"),
        ("Um, Li Wei.", "Li Wei"),
        ("M-A-R-I-A.", "Maria"),
        ("M A R I A, L O P E Z.", "Maria Lopez"),
        ("Jon Smyth, that's S-M-Y-T-H.", "Smyth"),
        ("D as in David, A as in apple, N as in Nancy.", "Dan"),
        ("First name Ana, last name de la Cruz.", "Ana De La Cruz"),
        ("Mrs. Robinson.", "Robinson"),
        ("Hi, Fatima Al Zahra speaking.", "Fatima Al Zahra"),
        ("You can call me Bob.", "Bob"),
        ("Robert J. Oppenheimer.", "Robert J Oppenheimer"),
        ("No, it's Marie.", "Marie"),
    ],
)
def test_a_name_that_was_asked_for_is_found_however_it_is_given(text: str, name: str) -> None:
    assert find_name(text, asked=True) in (name, f"Jon {name}")


@pytest.mark.parametrize(
    "text",
    [
        "I'm calling about my knee.",
        "What?",
        "I have a headache.",
        "Sure.",
        "It's for my daughter.",
        "I don't want to say.",
        "",
    ],
)
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert find_name(text, asked=True) == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Yes, my name is Maria Lopez.", "Maria Lopez"),
        ("Hi, this is Tom Baker, I need a doctor.", "Tom Baker"),
        ("I'm Sarah.", "Sarah"),
        ("I'm sick.", ""),
        ("This is urgent.", ""),
        ("It's about my back.", ""),
        ("That's Fine.", ""),
        ("It's Tuesday.", ""),
        ("Tuesday at ten.", ""),
        ("This is an emergency.", ""),
    ],
)
def test_a_name_that_was_not_asked_for_has_to_be_introduced(text: str, name: str) -> None:
    assert find_name(text, asked=False) == name


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("555-0123", "5550123"),
        ("My number is 5 5 5, 0 1 3, 2 4 7 6.", "5550132476"),
        ("five five five zero one two three", "5550123"),
        ("double five five, oh one two three", "5550123"),
        ("triple five, oh one double three", "5550133"),
        ("area code four one five, five five five, twelve thirty four", "4155551234"),
        ("five fifty five, twenty three, forty five", "5552345"),
        ("one eight hundred, five five five, twelve twelve", "18005551212"),
        ("plus one four one five five five five oh one two three", "+14155550123"),
        ("(415) 555-0123", "4155550123"),
        ("five five five, um, zero one, two three", "5550123"),
        ("Oh, it's five five five oh oh one two", "5550012"),
        ("nine one for one ate two tree five six seven", "9141823567"),
        ("My number is for one five, five, five, five, zero, one, eight, seven.", "4155550187"),
        ("It hurts.", ""),
    ],
)
def test_digits_are_understood_in_any_grouping(text: str, digits: str) -> None:
    assert all_digits(text) == digits


def test_words_between_numbers_keep_them_apart() -> None:
    assert digit_runs("I have two kids and my number is 555 1234") == ("2", "5551234")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("5550123", "five five five, zero one two three"),
        ("4155550123", "four one five, five five five, zero one two three"),
        ("14155550123", "one, four one five, five five five, zero one two three"),
        ("+442079", "plus four four two, zero seven nine"),
    ],
)
def test_a_number_is_read_out_in_groups_and_understood_again(number: str, said: str) -> None:
    assert say_digits(number) == said
    assert all_digits(said) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I am calling about a cough that will not go away.", "a cough that will not go away"),
        ("I have a swollen ankle, and it hurts when I walk.", "I have a swollen ankle, and it hurts when I walk"),
        ("My knee hurts.", "My knee hurts"),
        ("Well, um, I've been having headaches for two weeks.", "I've been having headaches for two weeks"),
        ("A check-up.", "A check-up"),
        ("Back pain.", "Back pain"),
        ("I need to see a doctor about my shoulder.", "my shoulder"),
        ("Hi, this is Tom Baker, I need a refill of my blood pressure pills.", "a refill of my blood pressure pills"),
        ("My name is Ann and I'm calling because my son has a fever. My number is 555 0123.", "my son has a fever"),
        ("I was wondering if I could get a flu shot.", "a flu shot"),
        ("The thing is, I fell off my bike.", "I fell off my bike"),
    ],
)
def test_a_reason_is_kept_in_the_callers_words_without_its_introduction(text: str, reason: str) -> None:
    assert find_reason(text, asked=True) == reason


@pytest.mark.parametrize("text", ["I'd like to book an appointment.", "Yes.", "No.", "555-0123", "I don't know.", ""])
def test_what_gives_no_reason_is_none(text: str) -> None:
    assert find_reason(text, asked=True) == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes.", True),
        ("Yeah, that's fine.", True),
        ("No problem.", True),
        ("I don't mind.", True),
        ("Sure, go ahead.", True),
        ("Mm-hmm.", True),
        ("No, please do not record this call.", False),
        ("I'd rather not.", False),
        ("Not really.", False),
        ("Absolutely not.", False),
        ("That is not okay.", False),
        ("Who is this?", None),
        ("Um, what do you mean?", None),
        ("I'm not sure.", None),
        ("", None),
    ],
)
def test_yes_and_no_are_told_apart(text: str, answer: bool | None) -> None:
    assert yes_or_no(text) is answer


def test_only_a_bare_yes_or_no_is_certain_to_be_all() -> None:
    assert is_bare("Yes, please.")
    assert not is_bare("Yes, my name is Maria and")


ROUTINE, SOON, URGENT, UNKNOWN = (
    Urgency.URGENCY_ROUTINE, Urgency.URGENCY_SOON, Urgency.URGENCY_URGENT, Urgency.URGENCY_UNSPECIFIED,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("No, it can wait, it is not urgent.", ROUTINE),
        ("Whenever is fine.", ROUTINE),
        ("No.", ROUTINE),
        ("I would like to be seen soon, tomorrow if possible.", SOON),
        ("No, but I'd like to come in today.", SOON),
        ("Kind of.", SOON),
        ("Yes.", URGENT),
        ("It can't wait.", URGENT),
        ("I'm not sure.", UNKNOWN),
    ],
)
def test_urgency_that_was_asked_for_is_understood(text: str, urgency: Urgency.ValueType) -> None:
    assert urgency_of(text, asked=True) == urgency


def test_urgency_that_was_not_asked_for_needs_clear_words() -> None:
    assert urgency_of("It started a few days ago.", asked=False) == UNKNOWN
    assert urgency_of("It's urgent.", asked=False) == URGENT
    assert urgency_of("Yes.", asked=False) == UNKNOWN


def test_a_phrase_counts_unless_it_is_denied_just_before() -> None:
    assert affirms(words_of("I have chest pain"), "chest pain")
    assert affirms(words_of("No, I want a person"), "a person")
    assert not affirms(words_of("I don't have any chest pain"), "chest pain")
    assert not affirms(words_of("No chest pain"), "chest pain")
    assert affirms(words_of("Not my knee, I think it is my chest, I have chest pain"), "chest pain")
