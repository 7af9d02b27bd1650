from typing import Any

import pytest

from cordboard.cli.demo.line_choice import LineChooser, Move
from cordboard.cli.demo.script import parse_script

PERSONA = {"name": "Ann Poe", "callback_number": "555 014 2233", "reason": "a rash", "urgency": "soon"}


def _chooser(**persona: Any) -> LineChooser:
    return LineChooser(parse_script({"persona": {**PERSONA, **persona}}))


def test_each_question_gets_its_line() -> None:
    chooser = _chooser()
    assert chooser.answer("May we record this call?").name == "consent"
    assert "a rash" in chooser.answer("What is the reason for your call?").line
    assert "Ann Poe" in chooser.answer("May I have your name?").line


def test_a_repeated_question_gets_another_wording() -> None:
    chooser = _chooser()
    first, second = chooser.answer("What is your name?"), chooser.answer("Sorry, what is your name?")
    assert first.name == second.name == "name"
    assert first.line != second.line


def test_the_last_line_is_said_again_when_the_agent_did_not_hear_it() -> None:
    chooser = _chooser()
    chooser.answer("What number can we reach you at?")
    assert chooser.answer("Sorry, could you repeat that?").name == "callback_number"


def test_the_caller_gives_up_when_one_line_is_never_understood() -> None:
    chooser = _chooser()
    moves = [chooser.answer("What is your name?").move for _ in range(4)]
    assert moves == [Move.SAY, Move.SAY, Move.SAY, Move.HANG_UP]


def test_the_wordings_go_round() -> None:
    chooser = _chooser()
    lines = [chooser.answer("What number can we reach you on?").line for _ in range(3)]
    assert lines[0] == lines[2] != lines[1]


def test_who_is_asked_again_because_the_line_dropped_was_not_misunderstood() -> None:
    chooser = _chooser()
    chooser.answer("What is your name?")
    for _ in range(6):
        # Cut off, then said whole: one outage.
        assert chooser.answer("Sorry, the line dropped.").move is Move.WAIT
        assert chooser.answer("Sorry, the line dropped for a moment. What's your name?").name == "name"
    moves = [chooser.answer("Sorry, I didn't get that. What's your name?").move for _ in range(3)]
    assert moves == [Move.SAY, Move.SAY, Move.HANG_UP]


def test_a_statement_is_waited_out_and_a_goodbye_ends_the_call() -> None:
    chooser = _chooser()
    assert chooser.answer("One moment, please.").move is Move.WAIT
    assert chooser.answer("Thank you for calling. Goodbye.").move is Move.HANG_UP


def test_an_unclear_question_gets_the_next_thing_that_was_not_said() -> None:
    chooser = _chooser()
    chooser.answer("May we record this call?")
    assert chooser.answer("Whom do the bells toll for?").name == "reason"
    assert chooser.prompt().name == "name"


@pytest.mark.parametrize("left", ["So?", "What?"])
def test_what_broke_off_after_a_word_is_not_answered(left: str) -> None:
    chooser = _chooser()
    chooser.answer("What is your name?")
    assert chooser.answer(left).move is Move.WAIT


def test_a_wrong_number_read_back_is_corrected_and_a_right_one_confirmed() -> None:
    chooser = _chooser()
    wrong = chooser.answer("I have 555-014-2244 for you. Is that right?")
    right = chooser.answer("So five five five, oh one four, two two three three. Is that right?")
    assert (wrong.name, right.name) == ("correct", "confirm")


def test_a_wrong_number_is_corrected_even_when_the_agent_goes_on_to_something_else() -> None:
    chooser = _chooser()
    assert chooser.answer("I have 555-014-2244. Is it urgent?").name == "correct"
    assert chooser.answer("I have 555-014-2233. Is it urgent?").name == "urgency"


def test_a_name_is_spelled_when_the_agent_asks_for_it() -> None:
    assert _chooser().answer("Could you spell your name for me?").line == "A, N, N. P, O, E."


def test_a_caller_who_wants_a_human_asks_at_the_named_question() -> None:
    chooser = _chooser(wants_human=True)
    assert chooser.answer("What is your name?").name == "name"
    assert not chooser.asked_for_human
    assert chooser.answer("I have Monday at ten or Tuesday at two. Which one suits you?").name == "human"
    assert chooser.asked_for_human


def test_a_caller_who_wants_a_human_asks_at_the_latest_before_the_end() -> None:
    chooser = _chooser(wants_human=True)
    assert chooser.answer("Is there anything else I can do?").name == "human"
    assert chooser.answer("Anything else?").name == "anything_else"


def test_a_caller_who_wants_no_human_never_asks_for_one() -> None:
    chooser = _chooser()
    for question in ("Which one suits you?", "Is that right?", "Anything else?"):
        chooser.answer(question)
    assert not chooser.asked_for_human
