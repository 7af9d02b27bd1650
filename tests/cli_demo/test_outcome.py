from dataclasses import replace
from typing import Any

import pytest
from call_log import BEGAN, booked_call

from cordboard.call.v1 import facts_pb2 as facts
from cordboard.cli.demo.outcome import FarEnds, Proof, compose, slot_faults
from cordboard.cli.demo.script import parse_script
from cordboard.cli.demo.story import Story

PERSONA = {"name": "Ann Poe", "callback_number": "555 014 2233", "reason": "a bad rash", "urgency": "soon"}
SCRIPT = parse_script({"persona": PERSONA})
PROVEN = Proof(chain_valid=True, replay_equals_live=True, capture_ok=True)


def _story() -> Story:
    story = Story()
    for envelope in booked_call():
        story.take(envelope)
    return story


def _caller() -> dict[str, Any]:
    said = [("consent", "Yes, that is fine.", 1.5, 2.4), ("name", "Ann Poe, 5550142233, a bad rash, soon.", 4.6, 5.5)]
    return {
        "call_id": "c-1",
        "ended_well": True,
        "asked_for_human": False,
        "offer_to_answer_ms": 80.0,
        "offer_to_first_audio_ms": 410.0,
        "received": ["May we record this call?", "What is your name?"],
        "turns": [{"line": name, "caller_end_to_first_audio_ms": 700.0, "talked_over": False} for name, *_ in said],
        "conversation": {
            "outcome": "FAR_END_HUNG_UP",
            "said": [
                {"name": name, "text": text, "started": BEGAN + start, "ended": BEGAN + end, "interrupts": False}
                for name, text, start, end in said
            ],
            "heard": [],
        },
    }


def test_a_call_true_to_its_script_has_no_faults_and_every_field() -> None:
    report = compose(SCRIPT, FarEnds(_caller()), _story(), PROVEN)
    assert report["faults"] == []
    assert report["ok"] is True
    assert report["setup_ms"] == {"start_call_rpc": 80.0, "offer_to_first_audio": 410.0}
    assert report["slots"] == {
        "name": "Ann Poe",
        "callback_number": "5550142233",
        "reason": "a bad rash",
        "urgency": "soon",
    }
    assert report["tool_calls"] == [{"name": "healthcare.book_appointment", "outcome": "ok", "attempts": 1}]
    assert report["heard"] == {"caller_by_agent_wer": 0.0, "agent_by_caller_wer": 0.0}
    assert report["mos"] == {"caller": 4.3}
    assert report["events"] == len(booked_call().envelopes)


def test_a_call_in_which_nobody_interrupts_has_no_such_field() -> None:
    assert "barge_in_ms" not in compose(SCRIPT, FarEnds(_caller()), _story(), PROVEN)


def _interrupted(heard: str, *, barged_in: bool = True) -> Story:
    story, log = _story(), booked_call()
    log.fact(facts.ReplyPlanned(play_id="p9", turn_id="t2", clauses=["I have Tuesday at ten.", "Which is better?"]), 10)
    log.fact(facts.ReplyHeard(play_id="p9", turn_id="t2", text=heard, interrupted=True), 11)
    if barged_in:
        log.fact(facts.BargedIn(play_id="p9"), 11)
    for envelope in log:
        story.take(envelope)
    return story


INTERRUPTING = parse_script({"persona": PERSONA, "interrupts_at": "slot"})


@pytest.mark.parametrize("heard", ["I have—", "I have Tuesday at ten.", "I have Tuesday at ten. Which—"])
def test_an_interruption_is_reported_when_the_record_knows_how_much_was_heard(heard: str) -> None:
    caller = {**_caller(), "barge_in_ms": 312.5}
    caller["received"].append(heard)
    report = compose(INTERRUPTING, FarEnds(caller), _interrupted(heard), PROVEN)
    assert report["barge_in_ms"] == 312.5
    assert report["faults"] == []


@pytest.mark.parametrize("heard", ["I have Tuesday at ten. Which is better?", "I had—", "Which is better?"])
def test_a_reply_heard_otherwise_than_it_begins_is_a_fault(heard: str) -> None:
    caller = {**_caller(), "barge_in_ms": 312.5}
    report = compose(INTERRUPTING, FarEnds(caller), _interrupted(heard), PROVEN)
    assert "what was heard of an interrupted reply is not how it begins" in report["faults"]


def test_an_interruption_that_never_came_or_is_not_on_the_record_is_a_fault() -> None:
    report = compose(INTERRUPTING, FarEnds(_caller()), _story(), PROVEN)
    assert report["faults"] == ["the caller never came to interrupt"]
    caller = {**_caller(), "barge_in_ms": 312.5}
    for story in (_story(), _interrupted("", barged_in=False)):
        report = compose(INTERRUPTING, FarEnds(caller), story, PROVEN)
        assert report["faults"] == ["the interruption is not on the record"]


def test_a_missing_piece_of_the_recording_is_a_fault() -> None:
    story = _story()
    story.segments = [replace(one, number=1) for one in story.segments]
    assert "a piece of the recording is missing" in compose(SCRIPT, FarEnds(_caller()), story, PROVEN)["faults"]


def test_the_agents_stages_are_joined_with_the_line_that_they_answer() -> None:
    first, second = compose(SCRIPT, FarEnds(_caller()), _story(), PROVEN)["turns"]
    assert (first["line"], first["stages"]) == ("consent", {"asr": 120.0})
    assert (second["line"], second["stages"]) == ("name", {})


@pytest.mark.parametrize("broken", ["chain_valid", "replay_equals_live"])
def test_a_record_that_does_not_hold_is_a_fault(broken: str) -> None:
    proof = replace(PROVEN, **{broken: False})
    report = compose(SCRIPT, FarEnds(_caller()), _story(), proof)
    assert not report["ok"]
    assert report["faults"] == [f"{broken} is not true"]


def test_what_was_captured_is_counted_and_must_be_in_the_store_as_logged() -> None:
    report = compose(SCRIPT, FarEnds(_caller()), _story(), PROVEN)
    assert report["capture"] == {"segments": 1, "seconds": 7.5, "sha256_ok": True}
    report = compose(SCRIPT, FarEnds(_caller()), _story(), replace(PROVEN, capture_ok=False))
    assert report["faults"] == ["what was recorded is not in the store as the log says"]


def test_a_caller_who_refused_must_not_be_captured() -> None:
    script = parse_script({"persona": {**PERSONA, "consents": False}})
    report = compose(script, FarEnds(_caller()), _story(), PROVEN)
    assert "a call was captured against the caller's word" in report["faults"]


def test_a_misheard_call_is_a_fault() -> None:
    caller = _caller()
    caller["received"] = ["something else entirely", "and more of it"]
    report = compose(SCRIPT, FarEnds(caller), _story(), PROVEN)
    assert any("agent_by_caller_wer" in fault for fault in report["faults"])


def test_a_caller_who_wanted_a_human_is_not_satisfied_with_a_booking() -> None:
    script = parse_script({"persona": {**PERSONA, "wants_human": True}})
    report = compose(script, FarEnds(_caller()), _story(), PROVEN)
    assert any("wants_human" in fault for fault in report["faults"])


def test_a_call_that_did_not_complete_is_a_fault() -> None:
    story = Story()
    for envelope in booked_call().envelopes[:12]:
        story.take(envelope)
    report = compose(SCRIPT, FarEnds(_caller()), story, PROVEN)
    assert any("the call ended as" in fault for fault in report["faults"])


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"name": "An Poe"}, []),
        ({"name": "Bob Smith"}, ["name"]),
        ({"callback_number": "+15550142233"}, ["callback_number"]),
        ({"callback_number": "555-014-2233"}, []),
        ({"reason": "a headache"}, ["reason"]),
        ({"reason": "it's about a bad rash on my arm"}, []),
        ({"reason": "a bat rush"}, []),
        ({"urgency": "urgent"}, ["urgency"]),
    ],
)
def test_slots_are_compared_with_the_persona(changed: dict[str, str], wrong: list[str]) -> None:
    learnt = {"name": "Ann Poe", "callback_number": "5550142233", "reason": "a bad rash", "urgency": "soon"}
    faults = slot_faults(SCRIPT.persona, {**learnt, **changed})
    assert [fault.split()[1] for fault in faults] == wrong
