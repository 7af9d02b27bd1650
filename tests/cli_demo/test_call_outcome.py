"""What came of the demo's call, held against its script."""

from dataclasses import replace

import pytest
from outcome_calls import SERVED

from cordboard.activities.outcome.analyst import Analysis
from cordboard.activities.outcome.derivation import Judgement, derive_outcome
from cordboard.call.v1.outcome_pb2 import Intent, Outcome, Sentiment, TurnSentiment
from cordboard.cli.demo.call_outcome import faults_of, told
from cordboard.cli.demo.script import Persona, load_script, shipped_scripts


@pytest.fixture
def persona() -> Persona:
    return next(one for one in (load_script(path).persona for path in shipped_scripts()) if not one.wants_human)


@pytest.fixture
def outcome() -> Outcome:
    analysis = Analysis(Intent(name="book_appointment"), Sentiment(turns=[TurnSentiment(utterance=1)]), "")
    return derive_outcome(SERVED, (), Judgement(analysis, "test 1"), region="US")


def test_a_call_that_went_by_its_script_has_no_fault(persona: Persona, outcome: Outcome) -> None:
    assert faults_of(outcome, persona) == []
    shown = told(outcome)
    assert (shown["disposition"], shown["intent"], shown["follow_up"]) == ("served_by_ai", "book_appointment", "")
    assert shown["tools"] == {"intended": 2, "succeeded": 2}


def test_an_outcome_that_is_not_the_scripts_is_a_fault(persona: Persona, outcome: Outcome) -> None:
    lost = derive_outcome(replace(SERVED, tool_calls=(), talk=None), (), None, region="US")
    assert len(faults_of(lost, persona)) == 2
    outcome.redacted_summary = f"{persona.name} called."
    assert faults_of(outcome, persona) == ["the summary without identifiers holds the caller's name"]
