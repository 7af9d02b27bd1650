import json
from pathlib import Path
from typing import Any

import pytest

from cordboard.cli.demo.script import Ask, load_script, parse_script, shipped_scripts
from cordboard.core.errors import InvalidError

PERSONA = {"name": "Ann Poe", "callback_number": "555-014 2233", "reason": "a rash", "urgency": "soon"}


def test_two_scripts_are_shipped_with_different_people_and_one_never_asks_for_a_human() -> None:
    scripts = [load_script(path) for path in shipped_scripts()]
    assert len(scripts) >= 2
    assert len({script.persona.name for script in scripts}) == len(scripts)
    assert len({script.persona.digits for script in scripts}) == len(scripts)
    assert {script.persona.wants_human for script in scripts} == {True, False}


def test_a_persona_alone_is_a_complete_script() -> None:
    script = parse_script({"persona": PERSONA})
    assert set(script.lines) >= {ask.value for ask in Ask} | {"human", "correct"}
    assert any("Ann Poe" in line for line in script.lines["name"])
    assert script.wants_human_at is None


def test_a_number_is_spoken_digit_by_digit_with_pauses_where_the_script_has_them() -> None:
    script = parse_script({"persona": PERSONA})
    assert script.persona.digits == "5550142233"
    assert "5 5 5, 0 1 4, 2 2 3 3" in script.lines["callback_number"][0]


def test_whoever_gives_their_number_says_it_clearly() -> None:
    script = parse_script({"persona": PERSONA})
    assert script.telling_lines() >= {*script.lines["callback_number"], *script.lines["correct"], *script.lines["name"]}


def test_given_lines_take_the_place_of_the_made_ones_and_are_filled_in() -> None:
    script = parse_script({"persona": PERSONA, "lines": {"reason": ["It is {reason}, says {name}."]}})
    assert script.lines["reason"] == ("It is a rash, says Ann Poe.",)


def test_a_caller_who_refuses_says_no_to_the_consent_question() -> None:
    script = parse_script({"persona": {**PERSONA, "consents": False}})
    assert script.lines["consent"][0].startswith("No")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "the document"),
        ([], "the document"),
        ({"persona": {**PERSONA, "urgency": "maybe"}}, "persona/urgency"),
        ({"persona": {**PERSONA, "callback_number": "call me"}}, "persona/callback_number"),
        ({"persona": PERSONA, "lines": {"weather": ["Nice."]}}, "lines"),
        ({"persona": PERSONA, "lines": {"name": []}}, "lines/name"),
        ({"persona": PERSONA, "colour": "red"}, "the document"),
    ],
)
def test_a_wrong_script_is_refused_with_the_place_of_the_fault(document: Any, place: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_script(document)
    assert caught.value.reason == "SCRIPT_INVALID"
    assert place in caught.value.message


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(InvalidError, match="placeholder"):
        parse_script({"persona": PERSONA, "lines": {"name": ["I am {nick}."]}})


def test_a_file_that_is_no_json_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text("persona: nobody")
    with pytest.raises(InvalidError) as caught:
        load_script(path)
    assert caught.value.reason == "SCRIPT_UNREADABLE"


def test_each_line_that_may_be_spoken_is_listed_once() -> None:
    script = parse_script({"persona": PERSONA, "lines": {"human": ["Yes.", "Yes."]}})
    lines = script.spoken_lines()
    assert len(lines) == len(set(lines))
    assert json.dumps(lines)
