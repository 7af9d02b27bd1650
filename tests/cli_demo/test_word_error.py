import pytest

from cordboard.cli.demo.word_error import digits_of, normalise, word_error_rate


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My number is 555-013-2476.", "my number is five five five, oh one three, two four seven six"),
        ("At 10:30 a.m.", "at ten thirty AM"),
        ("twenty-five", "25"),
        ("the 3rd", "the third"),
        ("the twenty first", "the 21st"),
        ("It’s fine", "it's fine"),
        ("to-morrow", "tomorrow"),
    ],
)
def test_numbers_and_marks_do_not_count_as_errors(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_the_rate_is_taken_over_the_whole_call() -> None:
    assert word_error_rate(["one two three", "four"], ["1 2 3 4"]) == 0
    assert word_error_rate(["yes that is fine"], ["yes that is mine"]) == 0.25


def test_nothing_said_has_no_rate() -> None:
    assert word_error_rate([], ["something"]) is None


def test_digits_are_taken_out_of_a_sentence_in_runs() -> None:
    assert digits_of("Call five five five now, or 12") == "| 5 5 5 | 1 2"
