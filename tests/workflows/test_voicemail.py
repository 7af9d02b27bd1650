"""Callers who leave a message."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from call_steps import VOICE, assert_nothing_left, attach, connect, detach, end_talk, hang_up
from temporal import House, PlacedCall, eventually, open_house
from temporalio.testing import WorkflowEnvironment
from verb_calls import VerbCallWorkflow

from cordboard.call.v1.call_pb2 import PHASE_AI_ENGAGED, PHASE_COMPLETED, PHASE_VOICEMAIL, RECORDING_STATE_ON
from cordboard.call.v1.decisions_pb2 import ConsentRecorded
from cordboard.call.v1.facts_pb2 import ConsentAnswered, DtmfReceived
from cordboard.call.v1.voicemail_pb2 import SilenceHeard, VoicemailEnded


@pytest.fixture
async def verbs(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[House]:
    async with open_house(time_skipping_server, workflow=VerbCallWorkflow) as opened:
        yield opened


async def asked_call(house: House, *, given: bool) -> PlacedCall:
    """A call whose caller was asked for consent and has answered; the AI agent has left."""
    call, _ = await house.start(workflow="voicemail")
    await connect(call)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    await call.fact(ConsentAnswered(given=given), VOICE)
    await eventually(lambda: bool(house.agents.released))
    await detach(call)
    return call


async def hear(call: PlacedCall, line: str) -> None:
    """The AI agent says a line and leaves."""
    engaged = call.house.agents.engaged
    await eventually(lambda: any(list(request.announcement) == [line] for _, request in engaged))
    await attach(call)
    await end_talk(call)
    await detach(call)


async def recorded_call(house: House) -> PlacedCall:
    """A call whose caller leaves a message."""
    call = await asked_call(house, given=True)
    await hear(call, "Leave a message.")
    await call.until(lambda view: view.phase == PHASE_VOICEMAIL)
    await eventually(lambda: "await_silence" in call.room.kinds)
    return call


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def why(call: PlacedCall) -> list[str]:
    return [event.reason for event in await call.events() if isinstance(event, VoicemailEnded)]


async def over(call: PlacedCall) -> None:
    async with asyncio.timeout(20):
        while not await why(call):
            await asyncio.sleep(0.01)


async def test_a_message_is_recorded_after_a_tone_until_the_caller_is_silent(verbs: House) -> None:
    call = await recorded_call(verbs)
    kinds = call.room.kinds
    assert kinds.index("start_recording") < kinds.index("play") < kinds.index("await_silence")
    assert (await call.view()).recording == RECORDING_STATE_ON
    await call.fact(SilenceHeard(leg_id=call.leg_id, spoke=True))
    await over(call)
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_LEFT")
    assert "stop_recording" in call.room.kinds


async def test_a_caller_who_says_nothing_has_left_nothing(verbs: House) -> None:
    call = await recorded_call(verbs)
    await call.fact(SilenceHeard(leg_id=call.leg_id))
    await over(call)
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_NOTHING_SAID")


async def test_a_key_ends_the_message(verbs: House) -> None:
    call = await recorded_call(verbs)
    await call.fact(DtmfReceived(leg_id=call.leg_id, digit="#", press=1))
    await over(call)
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_LEFT")
    assert await why(call) == ["TERMINATED"]


async def test_a_message_without_end_is_cut_off(verbs: House) -> None:
    call = await recorded_call(verbs)
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_LEFT")
    assert await why(call) == ["TIMED_OUT"]


async def test_a_node_that_cannot_tell_silence_leaves_it_to_the_limit(verbs: House) -> None:
    verbs.nodes.refused["await_silence"] = "UNIMPLEMENTED"
    call = await recorded_call(verbs)
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_LEFT")


async def test_a_caller_who_hangs_up_has_left_the_message(verbs: House) -> None:
    call = await recorded_call(verbs)
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    assert await why(call) == ["CALL_ENDED"]


async def test_without_consent_nothing_is_recorded_and_the_caller_is_told(verbs: House) -> None:
    call = await asked_call(verbs, given=False)
    await hear(call, "No message then.")
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_REFUSED")
    assert "start_recording" not in call.room.kinds
    assert [event.given for event in await call.events() if isinstance(event, ConsentRecorded)] == [False]


async def test_a_node_that_cannot_record_is_admitted_to_the_caller(verbs: House) -> None:
    verbs.nodes.refused["start_recording"] = "UNIMPLEMENTED"
    call = await asked_call(verbs, given=True)
    await hear(call, "No message then.")
    assert await ended(call) == (PHASE_COMPLETED, "VOICEMAIL_UNAVAILABLE")
    assert await why(call) == []
