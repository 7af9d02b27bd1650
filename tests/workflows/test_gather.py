"""Collecting the keys that a caller presses."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from call_steps import VOICE, assert_nothing_left, attach, connect, detach, end_talk, hang_up
from google.protobuf.message import Message
from temporal import House, PlacedCall, eventually, open_house
from temporalio.testing import WorkflowEnvironment
from verb_calls import VerbCallWorkflow

from cordboard.call.v1.call_pb2 import CONSENT_REFUSED, PHASE_AI_ENGAGED, PHASE_COMPLETED, PHASE_FAILED
from cordboard.call.v1.decisions_pb2 import TimerFired
from cordboard.call.v1.facts_pb2 import ConsentAnswered, DtmfReceived
from cordboard.call.v1.gather_pb2 import DigitTaken, GatherEnded


@pytest.fixture
async def verbs(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[House]:
    async with open_house(time_skipping_server, workflow=VerbCallWorkflow) as opened:
        yield opened


async def prompted_call(house: House) -> PlacedCall:
    """A call whose caller is being asked to press keys."""
    call, _ = await house.start(workflow="gather")
    await connect(call)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    await call.fact(ConsentAnswered(given=False), VOICE)
    await call.until(lambda view: view.consent == CONSENT_REFUSED)
    await eventually(lambda: bool(call.house.agents.released))
    await detach(call)
    await eventually(lambda: len(announcements(call)) == 1)
    await attach(call)
    return call


def announcements(call: PlacedCall) -> list[str]:
    engaged = [request for _, request in call.house.agents.engaged if request.call_id == call.call_id]
    return [clause for request in engaged for clause in request.announcement]


async def press(call: PlacedCall, digits: str, first: int = 1) -> None:
    for press, digit in enumerate(digits, first):
        await call.fact(DtmfReceived(leg_id=call.leg_id, digit=digit, press=press))
    # Time would be skipped before the last of them is consumed.
    async with asyncio.timeout(20):
        while not [event for event in await call.events() if is_consumed(event, first + len(digits) - 1)]:
            await asyncio.sleep(0.01)


def is_consumed(event: Message, press: int) -> bool:
    return isinstance(event, GatherEnded) or (isinstance(event, DigitTaken) and event.press >= press)


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def test_a_prompt_is_said_and_the_digits_are_collected(verbs: House) -> None:
    call = await prompted_call(verbs)
    assert announcements(call) == ["Please enter your number."]
    await end_talk(call)
    await detach(call)
    await press(call, "4411")
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_COMPLETE_4")
    [over] = [event for event in await call.events() if isinstance(event, GatherEnded)]
    assert over.digits == "4411"


async def test_the_first_key_cuts_the_prompt_off(verbs: House) -> None:
    call = await prompted_call(verbs)
    await press(call, "4")
    await call.until(lambda view: "gather" in {timer.timer_id for timer in view.timers})
    await eventually(lambda: call.call_id not in verbs.agents.busy)
    await detach(call)
    await press(call, "1#", 2)
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_TERMINATED_2")


async def test_a_caller_who_presses_nothing_is_waited_for_so_long(verbs: House) -> None:
    call = await prompted_call(verbs)
    await end_talk(call)
    await detach(call)
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_TIMED_OUT_0")
    assert [event.timer_id for event in await call.events() if isinstance(event, TimerFired)] == ["gather"]


async def test_a_caller_who_stops_pressing_has_pressed_that_much(verbs: House) -> None:
    call = await prompted_call(verbs)
    await end_talk(call)
    await detach(call)
    await press(call, "44")
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_TIMED_OUT_2")


async def test_a_caller_who_hangs_up_while_asked_ends_it(verbs: House) -> None:
    call = await prompted_call(verbs)
    await press(call, "4")
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    [over] = [event for event in await call.events() if isinstance(event, GatherEnded)]
    assert over.reason == "CALL_ENDED"


async def test_a_sound_is_played_and_flushed_by_the_first_key(verbs: House) -> None:
    call, _ = await verbs.start(workflow="gather_sound")
    await connect(call)
    await eventually(lambda: "play" in call.room.kinds)
    await press(call, "7")
    await eventually(lambda: "flush" in call.room.kinds)
    await press(call, "*", 2)
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_TERMINATED_1")


async def test_a_sound_that_nobody_reacts_to_is_flushed_as_well(verbs: House) -> None:
    call, _ = await verbs.start(workflow="gather_sound")
    await connect(call)
    assert await ended(call) == (PHASE_COMPLETED, "GATHERED_TIMED_OUT_0")
    assert "flush" in call.room.kinds


async def test_a_script_that_asks_for_what_no_keypad_has_fails_its_call(verbs: House) -> None:
    call, _ = await verbs.start(workflow="gather_nonsense")
    assert await ended(call) == (PHASE_FAILED, "FIELD_INVALID")
