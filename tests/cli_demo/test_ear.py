import pytest

from cordboard.cli.demo.ear import is_looping


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("May we record this copy of this copy of this copy of the", True),
        ("What is the visit of the visit of the visit of the", True),
        ("My number is 5 5 5 5 5 5 5.", False),
        ("I have tomorrow at nine, or tomorrow at nine thirty.", False),
        ("", False),
    ],
)
def test_a_recogniser_that_loops_is_noticed(text: str, looping: bool) -> None:
    assert is_looping(text) is looping
