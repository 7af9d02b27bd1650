"""Those who judge the kills see what they are there to see."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from call_log import BEGAN, CALL, CallLog, booked_call
from kill_point import KillPoint, Speaker, TurnBell
from kill_verdict import outage_faults
from record_faults import (
    counter_faults,
    effect_faults,
    forgotten_slots,
    greetings,
    live_faults,
    numbering_faults,
)
from rtp_gaps import Gap, gaps_of, less_own_stalls, longest_ms, packets_of

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import Slots
from cordboard.core.fold import fold_envelopes
from cordboard.core.state_digest import to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import Envelope

LOUD, SILENT = -20.0, -110.0


def wire(*packets: tuple[float, int, float]) -> list[list[float]]:
    """Frames as a caller records them: each given out when the next packet comes. Times in milliseconds."""
    ends = [*packets[1:], (packets[-1][0] + 20, 0, SILENT)]
    return [[end[0] / 1000, ms * 48, level] for (_, ms, level), end in zip(packets, ends, strict=True)]


def speech(count: int, start_ms: int = 0) -> list[tuple[float, int, float]]:
    """Packets of speech, every 20 ms."""
    return [(at, at, LOUD) for at in range(start_ms, start_ms + count * 20, 20)]


def gap_ms(packets: Sequence[tuple[float, int, float]]) -> float:
    return max(gap.ms for gap in gaps_of(packets_of(wire(*packets))))


def test_a_steady_stream_has_no_gap() -> None:
    assert gap_ms(speech(20)) == pytest.approx(0)


def test_packets_that_come_late_are_a_gap() -> None:
    late = [(at + 300, ms, level) for at, ms, level in speech(10, 200)]
    assert gap_ms([*speech(10), *late]) == pytest.approx(300)


def test_a_hole_in_speech_is_a_gap_though_no_packet_is_late() -> None:
    assert gap_ms([*speech(10), *speech(10, 500)]) == pytest.approx(300)


def test_the_rhythm_of_silence_is_no_gap() -> None:
    fading = [(at, at, SILENT) for at in range(200, 300, 20)]
    comfort = [(at, at, SILENT) for at in (680, 1080)]
    assert gap_ms([*speech(10), *fading, *comfort, *speech(10, 1200)]) == pytest.approx(0)


def test_speech_that_is_cut_off_rings_on_for_a_packet_and_rests_then() -> None:
    ringing = [(200, 200, -45.0), (220, 220, -80.0), (240, 240, SILENT), (260, 260, SILENT)]
    assert gap_ms([*speech(10), *ringing, (680, 680, SILENT)]) == pytest.approx(0)
    assert gap_ms([*speech(10), *ringing, *speech(5, 680)]) == pytest.approx(400)
    assert gap_ms([*speech(10), *ringing, (620, 620, SILENT)]) == pytest.approx(340)


def test_a_listener_that_did_not_run_has_no_right_to_complain() -> None:
    gaps = [Gap(5.0, 300.0), Gap(9.0, 300.0)]
    assert [gap.ms for gap in less_own_stalls(gaps, [(5.02, 0.28)])] == [pytest.approx(20), 300]


def test_gaps_are_told_apart_by_what_had_just_happened() -> None:
    gaps = [Gap(1.0, 10.0), Gap(2.0, 30.0), Gap(3.0, 20.0)]
    assert longest_ms(gaps, [(0, 1.5), (2.5, 4)], within=True) == 20
    assert longest_ms(gaps, [(0, 1.5), (2.5, 4)], within=False) == 30
    assert longest_ms(gaps, [(0, 4)], within=False) == 0


def test_a_record_without_loss_has_no_fault() -> None:
    log = list(booked_call())
    assert numbering_faults(log) == []
    assert effect_faults(log) == []
    assert live_faults(log, to_canonical_json(fold_envelopes(log))) == []


def test_a_lost_event_is_seen() -> None:
    log = list(booked_call())
    lost = [envelope for envelope in log if envelope.event.source_seq != 2]
    assert len(numbering_faults(lost)) == 3
    assert counter_faults(lost, {log[-1].event.source: log[-1].event.source_seq}) != []


def test_an_event_twice_is_seen() -> None:
    log = list(booked_call())
    again = Envelope()
    again.CopyFrom(log[3])
    again.seq = len(log) + 1
    assert [fault for fault in numbering_faults([*log, again]) if "twice" in fault]


def test_a_state_that_is_not_the_workflows_is_seen() -> None:
    log = list(booked_call())
    live = json.loads(to_canonical_json(fold_envelopes(log)))
    live["tenant"] = "another"
    assert live_faults(log, json.dumps(live))
    assert live_faults([one for one in log if one.event.source_seq < 13], to_canonical_json(fold_envelopes(log)))


def test_effects_twice_are_seen() -> None:
    log = booked_call()
    log.decision(decisions.ConsentRecorded(given=True), 9)
    log.decision(decisions.ToolCallIntended(tool_call_id="x", name="clinic.book"), 9)
    log.decision(decisions.ToolCallIntended(tool_call_id="x", name="clinic.book"), 9)
    assert len(effect_faults(list(log))) == 3


def test_a_greeting_counts_when_it_was_heard() -> None:
    log = CallLog()
    for play_id in ("p1", "p2", "p3"):
        log.fact(facts.ReplyPlanned(play_id=play_id, clauses=["Hello."]), 0)
    for play_id in ("p1", "p3"):
        log.fact(facts.PlayoutStarted(play_id=play_id), 0)
    assert greetings(list(log), "Hello.") == 2


def test_a_slot_that_is_known_no_more_is_seen() -> None:
    log = CallLog()
    log.decision(decisions.CallOffered(call_id=CALL), 0)
    log.decision(decisions.SlotsTaken(slots=Slots(name="Ann", reason="a rash")), 1)
    log.decision(decisions.SlotsTaken(slots=Slots(name="Ann Poe")), 2)
    assert forgotten_slots(list(log)) == ["reason"]


def test_a_voice_agent_that_left_without_having_been_killed_is_seen() -> None:
    log = CallLog()
    log.fact(facts.VoicePortChanged(attached=True), 0)
    log.fact(facts.VoicePortChanged(reason="LOST"), 5)
    log.fact(facts.VoicePortChanged(attached=True), 8)
    assert outage_faults(list(log), [BEGAN + 5]) == []
    assert outage_faults(list(log), [])
    assert outage_faults(list(log), [BEGAN - 60, BEGAN + 60])


def test_a_seed_always_draws_the_same_point() -> None:
    assert KillPoint.of(7) == KillPoint.of(7)
    assert {KillPoint.of(seed).speaker for seed in range(20)} == set(Speaker)


async def test_a_point_that_was_missed_is_reached_at_the_next_turn() -> None:
    bell = TurnBell()
    bell.begin(Speaker.AI, 1)
    bell.begin(Speaker.AI, 1)
    point = KillPoint(1, Speaker.AI, turn=2, share=0.1)
    reaching = bell.reach(point)
    waiting = asyncio.ensure_future(reaching)
    await asyncio.sleep(0)
    bell.begin(Speaker.CALLER, 1)
    assert not waiting.done()
    bell.begin(Speaker.AI, 1)
    assert await waiting
    bell.close()
    assert not await bell.reach(point)


async def test_a_turn_that_is_cut_off_before_its_point_has_none() -> None:
    bell = TurnBell()
    point = KillPoint(seed=1, speaker=Speaker.AI, turn=1, share=0.5)
    reached = asyncio.ensure_future(bell.reach(point))
    await asyncio.sleep(0)
    bell.begin(Speaker.AI, 1)
    bell.cut(Speaker.AI)
    done, _ = await asyncio.wait({reached}, timeout=0.2)
    assert not done
    bell.begin(Speaker.AI, 1)
    assert await asyncio.wait_for(reached, 20)
