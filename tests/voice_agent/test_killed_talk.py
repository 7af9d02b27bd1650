"""A caller as the demo has one comes to an appointment, however often the voice agents die that talk with them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from killed_talk import Fate, KilledTalk

from cordboard.cli.demo.script import load_script, shipped_scripts

BRIEF = Path(__file__).parents[1] / "reliability" / "brief_call.json"
SCRIPTS = [BRIEF, *(path for path in shipped_scripts() if not load_script(path).persona.wants_human)]
DEATHS = st.lists(st.sampled_from(Fate), max_size=14)


def assert_served(talk: KilledTalk, digits: str) -> None:
    assert talk.run() == "GOODBYE"
    assert talk.value("callback_number") == digits
    assert all(talk.value(name) for name in ("name", "reason", "urgency"))
    assert [name.rpartition(".")[2] for name in talk.tools].count("book_appointment") == 1


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.TAIL])
@pytest.mark.parametrize("lines", range(7))
def test_a_line_that_fell_into_one_outage_after_the_other_is_said_until_it_is_heard(lines: int, fate: Fate) -> None:
    script = load_script(BRIEF)
    talk = KilledTalk(script, [Fate.HEARD] * lines + [fate] * 5)
    assert_served(talk, script.persona.digits)


@given(st.sampled_from(SCRIPTS), DEATHS)
def test_no_outage_in_any_order_keeps_a_caller_from_their_appointment(script: Path, fates: list[Fate]) -> None:
    loaded = load_script(script)
    talk = KilledTalk(loaded, fates)
    assert_served(talk, loaded.persona.digits)


@given(DEATHS)
def test_a_line_is_only_said_again_after_an_outage(fates: list[Fate]) -> None:
    talk = KilledTalk(load_script(BRIEF), fates)
    talk.run()
    # The reason and the urgency are told beside name and number, unless an outage takes that.
    assert len(talk.said) - len(set(talk.said)) <= talk.kills
