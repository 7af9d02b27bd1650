"""What comes of a call, by how it went."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from call_log import ms
from outcome_calls import OFFERED, PHI_VALUES, SERVED, unserved

from cordboard.activities.outcome.analyst import Analysis
from cordboard.activities.outcome.call_figures import percentile
from cordboard.activities.outcome.derivation import Judgement, derive_outcome
from cordboard.activities.outcome.disposition import disposition_of
from cordboard.activities.outcome.follow_up import follow_up_of
from cordboard.call.v1 import call_pb2 as call
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.call.v1.facts_pb2 import QualityMeasured, TurnMeasured
from cordboard.core.call_state import CallState, QueuePlace, Talk, ToolCall
from cordboard.core.ids import LegId, ToolCallId
from cordboard.core.phi import redact

JUDGEMENT = Judgement(
    Analysis(
        intent=pb.Intent(name="book_appointment", confidence=0.8),
        sentiment=pb.Sentiment(score=0.4, mood=pb.MOOD_POSITIVE),
        summary="",
    ),
    analyst="test 1",
)


def outcome_of(state: CallState, *facts: QualityMeasured | TurnMeasured) -> pb.Outcome:
    return derive_outcome(state, facts, JUDGEMENT, region="US")


@pytest.mark.parametrize(
    ("state", "disposition", "follow_up"),
    [
        (SERVED, pb.DISPOSITION_SERVED_BY_AI, ""),
        (unserved(call.PHASE_COMPLETED, call.PHASE_AI_ENGAGED), pb.DISPOSITION_UNSERVED, ""),
        (unserved(call.PHASE_COMPLETED, call.PHASE_AGENT_CONNECTED), pb.DISPOSITION_SERVED_BY_AGENT, ""),
        (unserved(call.PHASE_COMPLETED, call.PHASE_VOICEMAIL), pb.DISPOSITION_VOICEMAIL, "VOICEMAIL_LEFT"),
        (unserved(call.PHASE_COMPLETED, call.PHASE_CALLBACK_BOOKED), pb.DISPOSITION_CALLBACK, "CALLBACK_PROMISED"),
        (unserved(call.PHASE_FAILED, call.PHASE_INTAKE), pb.DISPOSITION_FAILED, "CALL_FAILED"),
        (unserved(call.PHASE_CANCELLED, call.PHASE_QUEUED), pb.DISPOSITION_CANCELLED, ""),
        (
            replace(unserved(call.PHASE_ABANDONED, call.PHASE_QUEUED), queue=QueuePlace("front-desk")),
            pb.DISPOSITION_ABANDONED,
            "ABANDONED_IN_QUEUE",
        ),
    ],
)
def test_every_end_has_its_disposition_and_what_is_left_to_do(
    state: CallState, disposition: pb.Disposition.ValueType, follow_up: str
) -> None:
    assert disposition_of(state) == disposition
    assert follow_up_of(state, disposition, urgent=False).reason == follow_up


def test_what_was_booked_before_the_line_broke_counts() -> None:
    broken = replace(SERVED, phase=call.PHASE_FAILED, talk=None)
    assert disposition_of(broken) == pb.DISPOSITION_SERVED_BY_AI


def test_a_look_up_alone_serves_nobody() -> None:
    looked = replace(SERVED, tool_calls=SERVED.tool_calls[:1], talk=None)
    assert disposition_of(looked) == pb.DISPOSITION_UNSERVED


def test_a_booking_of_which_nobody_knows_is_followed_up_until_a_later_one_is_sure() -> None:
    lost = ToolCall(ToolCallId("t2"), "healthcare.book_appointment", outcome="unknown")
    state = replace(SERVED, tool_calls=(lost,))
    assert outcome_of(state).follow_up.reason == "BOOKING_UNKNOWN"
    assert outcome_of(replace(state, tool_calls=(lost, SERVED.tool_calls[1]))).follow_up.reason == ""


def test_slots_become_forms_for_machines() -> None:
    slots = {slot.name: (slot.kind, slot.value, slot.valid) for slot in outcome_of(SERVED).slots}
    assert slots == {
        "name": ("name", "Maria Lopez", True),
        "callback_number": ("e164", "+14155550134", True),
        "reason": ("text", "a sore throat", True),
        "date_of_birth": ("date", "1961-03-03", True),
    }


@pytest.mark.parametrize(
    ("name", "said", "kind", "value", "valid"),
    [
        ("callback_number", "5550134", "e164", "5550134", False),
        ("callback_number", "+442071838750", "e164", "+442071838750", True),
        ("viewing_date", "tomorrow", "date", "2026-03-03", True),
        ("viewing_date", "tomorrow at 3 pm", "datetime", "2026-03-03T15:00", True),
        ("viewing_date", "when pigs fly", "date", "when pigs fly", False),
        ("budget", "  half a  million ", "text", "half a million", True),
    ],
)
def test_a_value_that_fits_no_form_is_kept_and_marked(name: str, said: str, kind: str, value: str, valid: bool) -> None:
    slots = (
        replace(SERVED.slots, callback_number=said, extra=())
        if name == "callback_number"
        else replace(SERVED.slots, callback_number="", extra=((name, said),))
    )
    made = {slot.name: slot for slot in outcome_of(replace(SERVED, slots=slots)).slots}[name]
    assert (made.kind, made.value, made.valid) == (kind, value, valid)


def test_quality_is_weighed_by_packets_and_the_worst_interval_is_told() -> None:
    good = QualityMeasured(leg_id="caller", packets_received=300, packets_lost=1, mos=4.4)
    bad = QualityMeasured(leg_id="caller", packets_received=100, packets_lost=30, mos=2.4)
    silent = QualityMeasured(leg_id="agent", packets_received=0, mos=4.4)
    [quality] = outcome_of(SERVED, good, bad, silent).quality
    assert quality.mos == pytest.approx(3.9)
    assert quality.worst_mos == pytest.approx(2.4)
    assert (quality.packets_received, quality.packets_lost) == (400, 31)


def test_latency_is_told_by_stage() -> None:
    turns = [
        TurnMeasured(speech_end_to_reply=ms(whole), stages=[call.StageTime(stage="asr", took=ms(asr))])
        for whole, asr in ((500, 100), (700, 200), (600, 150))
    ]
    whole, asr = outcome_of(SERVED, *turns).latency
    assert (whole.stage, whole.p50.ToTimedelta(), whole.p95.ToTimedelta(), whole.turns) == (
        "speech_end_to_reply",
        timedelta(milliseconds=600),
        timedelta(milliseconds=700),
        3,
    )
    assert (asr.stage, asr.p50.ToTimedelta()) == ("asr", timedelta(milliseconds=150))


def test_the_only_time_is_every_percentile() -> None:
    only = [timedelta(milliseconds=7)]
    assert percentile(only, 1) == percentile(only, 95) == only[0]


def test_a_lead_score_is_the_sum_of_its_reasons() -> None:
    lead = outcome_of(SERVED).lead
    # Booked 40, wants it 20, reachable 15, reason 10, soon 8, named 5, positive 5: more than can be.
    assert sum(reason.points for reason in lead.reasons) == 103
    assert lead.score == 100
    assert [reason.code for reason in lead.reasons][:2] == ["BOOKED", "WANTS_BOOK_APPOINTMENT"]
    hostile = derive_outcome(unserved(call.PHASE_COMPLETED), (), _wrong_number(), region="US").lead
    assert (hostile.score, [reason.points for reason in hostile.reasons]) == (0, [-40])


def _wrong_number() -> Judgement:
    return Judgement(Analysis(pb.Intent(name="wrong_number"), pb.Sentiment(), ""), "test 1")


def test_no_word_of_the_callers_stands_in_what_is_kept_in_clear() -> None:
    outcome = outcome_of(SERVED)
    assert "Maria Lopez" in outcome.summary
    clear = redact(outcome).SerializeToString()
    assert not [word for word in PHI_VALUES if word.encode() in clear]


def test_what_could_not_be_judged_is_absent_and_named() -> None:
    outcome = derive_outcome(SERVED, (), None, region="US", missing=["TRANSCRIPT_MISSING"])
    assert not outcome.intent.name
    assert not outcome.sentiment.turns
    assert list(outcome.missing) == ["TRANSCRIPT_MISSING"]
    assert outcome.offered_at.ToDatetime(tzinfo=UTC) == OFFERED
    assert outcome.ended_at.ToDatetime(tzinfo=UTC) - OFFERED == timedelta(seconds=40)


def _talk(outcome: call.TalkOutcome.ValueType) -> Talk:
    return Talk(LegId("ai"), "front-desk", outcome=outcome)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SERVED, ""),
        (replace(SERVED, escalation_reason="SUPERVISOR"), "SUPERVISOR"),
        (replace(SERVED, talk=_talk(call.TALK_OUTCOME_WANTS_HUMAN)), "CALLER_ASKED"),
        (replace(SERVED, talk=_talk(call.TALK_OUTCOME_RED_LINE)), "RED_LINE"),
        (
            replace(unserved(call.PHASE_COMPLETED, call.PHASE_QUEUED), talk=_talk(call.TALK_OUTCOME_CALL_ENDED)),
            "CALLER_ASKED",
        ),
    ],
)
def test_whoever_asks_for_a_human_it_is_an_escalation(state: CallState, reason: str) -> None:
    outcome = outcome_of(state)
    assert (outcome.escalated, outcome.escalation_reason) == (bool(reason), reason)
