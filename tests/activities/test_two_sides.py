"""Both sides of a talk in one file, each sound where it was in the call."""

import numpy as np
import pytest
from captured_call import TENANT, CapturedCall, Samples, packets, tone
from temporalio.testing import ActivityEnvironment

from cordboard.activities.wrap_up.audio.ogg_file import read_ogg
from cordboard.activities.wrap_up.recording_stage import RecordingStage
from cordboard.activities.wrap_up.stage import RECORDING, Place
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_RECORDING_SEALED
from cordboard.core.errors import UnavailableError
from cordboard.media.v1.capture_pb2 import CapturePause
from cordboard.media.v1.command_pb2 import Command, SetRouting
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT, LEG_ROLE_SUPERVISOR

LEFT, RIGHT = 0, 1
SECOND = 1_000_000
CLOSE = 0.02


async def derive(call: CapturedCall) -> WrapUpStageReport:
    """Run the stage as a worker does."""
    stage = RecordingStage(call.workshop)
    report: WrapUpStageReport = await ActivityEnvironment().run(
        stage.derive_recording, WrapUpStageInput(call_id=call.call_id, tenant=TENANT)
    )
    return report


async def heard(call: CapturedCall) -> Samples:
    """Open the file."""
    ogg = await call.workshop.open_sealed(Place(TENANT, call.call_id), OBJECT_KIND_RECORDING_SEALED, RECORDING)
    assert ogg is not None
    return np.concatenate(list(read_ogg(ogg)))


def sounds(side: Samples) -> list[tuple[float, float]]:
    """Start and end, in seconds, of each sound on one side."""
    loud = np.flatnonzero(np.abs(side.astype(np.int32)) > 2_000)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > 2_400)
    starts = [loud[0], *loud[breaks + 1]]
    ends = [*loud[breaks], loud[-1]]
    return [(start / 48_000, end / 48_000) for start, end in zip(starts, ends, strict=True)]


async def test_a_marker_on_either_side_is_where_it_was_in_the_call() -> None:
    call = await CapturedCall().open()
    await call.capture("caller", packets(tone(12, at=3.0), 0))
    await call.capture("ai", packets(tone(8, at=2.5), 2 * SECOND, ssrc=9, sequence=10))
    await call.end_capture()
    report = await derive(call)
    file = await heard(call)
    [(left, _)], [(right, _)] = sounds(file[:, LEFT]), sounds(file[:, RIGHT])
    assert left == pytest.approx(3.0, abs=CLOSE)
    assert right == pytest.approx(4.5, abs=CLOSE)
    assert (report.recording.channels, report.recording.packets_lost) == (2, 0)
    assert report.recording.length.ToTimedelta().total_seconds() == pytest.approx(12, abs=0.1)
    assert not report.shortfalls


async def test_packets_that_the_network_held_up_move_nothing() -> None:
    call = await CapturedCall().open()
    sent = packets(tone(10, at=4.0), 0)
    for packet in sent[100:150]:
        packet.arrival_us = sent[150].arrival_us
    await call.capture("caller", sent)
    await derive(call)
    [(start, end)] = sounds((await heard(call))[:, LEFT])
    assert start == pytest.approx(4.0, abs=CLOSE)
    assert end - start == pytest.approx(0.1, abs=CLOSE)


async def test_lost_packets_are_a_gap_and_what_follows_stays_in_place() -> None:
    call = await CapturedCall().open()
    sent = packets(tone(10, at=6.0), 0)
    del sent[50:150]
    await call.capture("caller", sent)
    report = await derive(call)
    [(start, _)] = sounds((await heard(call))[:, LEFT])
    assert start == pytest.approx(6.0, abs=CLOSE)
    assert report.recording.packets_lost == 100


async def test_a_sender_whose_clock_is_wrong_is_still_aligned_after_a_while() -> None:
    call = await CapturedCall().open()
    # 0.1 % is twenty times what a sound card may be off; over two minutes it makes 120 ms.
    await call.capture("caller", packets(tone(120, at=118.0), 0, clock=1.001))
    await derive(call)
    [(start, _)] = sounds((await heard(call))[:, LEFT])
    assert start == pytest.approx(118.0 / 1.001, abs=CLOSE)


async def test_a_pause_is_silence_of_its_length() -> None:
    call = await CapturedCall().open()
    sent = packets(tone(10, at=1.0) + tone(10, at=4.5) + tone(10, at=7.0), 0)
    pause = CapturePause(started_us=4 * SECOND, ended_us=6 * SECOND)
    kept = [packet for packet in sent if not pause.started_us <= packet.arrival_us < pause.ended_us]
    await call.capture("caller", kept, [pause])
    await derive(call)
    assert [start for start, _ in sounds((await heard(call))[:, LEFT])] == pytest.approx([1.0, 7.0], abs=CLOSE)


async def test_the_legs_of_one_side_are_one_channel_and_a_supervisor_is_no_side() -> None:
    legs = [("caller", LEG_ROLE_CALLER), ("ai", LEG_ROLE_AI_AGENT), ("ann", LEG_ROLE_HUMAN_AGENT)]
    call = await CapturedCall().open(*legs, ("boss", LEG_ROLE_SUPERVISOR), ("caller-2", LEG_ROLE_CALLER))
    await call.capture("ai", packets(tone(6, at=1.0), 0))
    await call.capture("ann", packets(tone(6, at=4.0), 0))
    await call.capture("boss", packets(tone(6, at=2.0), 0))
    await call.capture("caller", packets(tone(6, at=3.0), 0))
    await call.capture("caller-2", packets(tone(6, at=5.0), 0))
    await derive(call)
    file = await heard(call)
    assert [start for start, _ in sounds(file[:, LEFT])] == pytest.approx([3.0, 5.0], abs=CLOSE)
    assert [start for start, _ in sounds(file[:, RIGHT])] == pytest.approx([1.0, 4.0], abs=CLOSE)


async def test_while_the_caller_is_on_hold_nobody_is_kept() -> None:
    call = await CapturedCall().open(("caller", LEG_ROLE_CALLER), ("ann", LEG_ROLE_HUMAN_AGENT))
    await call.capture("ann", packets(tone(9, at=1.0) + tone(9, at=4.0) + tone(9, at=7.0), 0))
    for number, (event, at) in enumerate(((decisions.LegHeld, 3), (decisions.LegRetrieved, 6)), start=1):
        command = Command(placement_epoch=1, command_seq=number, set_routing=SetRouting())
        await call.decide(event(leg_id="caller"), decisions.MediaCommandRequested(command=command))
        applied = facts.MediaCommandApplied(placement_epoch=1, command_seq=number, kind="set_routing")
        await call.tell(applied, at * SECOND)
    await derive(call)
    assert [start for start, _ in sounds((await heard(call))[:, RIGHT])] == pytest.approx([1.0, 7.0], abs=CLOSE)


async def test_a_missing_and_a_damaged_segment_are_named_and_the_rest_is_in_place() -> None:
    call = await CapturedCall().open()
    await call.capture(
        "caller", packets(tone(20, at=1.0) + tone(20, at=7.0) + tone(20, at=12.0) + tone(20, at=17.0), 0)
    )
    await call.end_capture()
    names = sorted(call.store.objects)
    del call.store.objects[names[1]]
    call.store.objects[names[2]] = b"\x01" + bytes(80)
    report = await derive(call)
    assert [start for start, _ in sounds((await heard(call))[:, LEFT])] == pytest.approx([1.0, 17.0], abs=CLOSE)
    named = {one.reason: (one.leg_id, one.started_us, one.ended_us) for one in report.shortfalls}
    assert named == {
        "CAPTURE_MISSING": ("caller", 5 * SECOND, 10 * SECOND),
        "CAPTURE_DAMAGED": ("caller", 10 * SECOND, 15 * SECOND),
    }


async def test_a_repeat_makes_the_same_file() -> None:
    call = await CapturedCall().open()
    await call.capture("caller", packets(tone(3, at=1.0), 0))
    assert await derive(call) == await derive(call)


@pytest.mark.parametrize(
    ("consent", "reason"), [(None, "CONSENT_MISSING"), (False, "CONSENT_REFUSED"), (True, "NOT_RECORDED")]
)
async def test_without_a_recording_there_is_no_file_and_a_reason(consent: bool | None, reason: str) -> None:
    call = await CapturedCall().open(recorded=False)
    if consent is not None:
        await call.decide(decisions.ConsentRecorded(given=consent))
    report = await derive(call)
    assert [one.reason for one in report.shortfalls] == [reason]
    assert not call.store.objects


async def test_a_recording_of_nobody_is_no_audio() -> None:
    call = await CapturedCall().open()
    await call.end_capture()
    assert [one.reason for one in (await derive(call)).shortfalls] == ["NO_AUDIO"]


async def test_wrap_up_waits_for_segments_that_were_announced() -> None:
    call = await CapturedCall().open()
    stage, argument = RecordingStage(call.workshop), WrapUpStageInput(call_id=call.call_id, tenant=TENANT)
    with pytest.raises(UnavailableError, match="CAPTURE_OUTSTANDING"):
        await stage.await_capture(argument)
    await call.capture("caller", packets(tone(6, at=1.0), 0))
    call.counts["caller"] += 1
    await call.end_capture()
    with pytest.raises(UnavailableError, match="CAPTURE_OUTSTANDING"):
        await stage.await_capture(argument)
    call.counts["caller"] -= 1
    await call.end_capture()
    await stage.await_capture(argument)


async def test_nothing_is_waited_for_when_the_node_could_not_record() -> None:
    call = await CapturedCall().open()
    await call.tell(facts.MediaCommandRejected(kind="start_recording", reason="UNIMPLEMENTED"))
    await RecordingStage(call.workshop).await_capture(WrapUpStageInput(call_id=call.call_id, tenant=TENANT))
    assert [one.reason for one in (await derive(call)).shortfalls] == ["NOT_RECORDED"]
