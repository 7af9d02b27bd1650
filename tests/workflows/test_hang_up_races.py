"""The caller may leave at any step; nothing is left behind, and the log amounts to what the call thinks itself."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from call_steps import (
    VOICE,
    ask_tool,
    assert_nothing_left,
    attach,
    connect,
    consent,
    end_talk,
    hang_up,
)
from temporal import House, PlacedCall

from cordboard.call.v1.call_pb2 import PHASE_ABANDONED, PHASE_AI_ENGAGED, PHASE_COMPLETED, PHASE_FAILED
from cordboard.call.v1.call_workflow_pb2 import FactBatch
from cordboard.call.v1.facts_pb2 import ConsentAnswered, LegStateChanged
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED, LEG_STATE_FAILED, LEG_STATE_INITIATED
from cordboard.workflows import names

Step = Callable[[PlacedCall], Awaitable[None]]


async def engaged(call: PlacedCall) -> None:
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)


async def answered(call: PlacedCall) -> None:
    await call.fact(ConsentAnswered(given=True), VOICE)


async def asked_a_tool(call: PlacedCall) -> None:
    await ask_tool(call)


async def talked_out(call: PlacedCall) -> None:
    await end_talk(call)


STEPS: list[Step] = [engaged, connect, attach, consent, asked_a_tool, talked_out]


@pytest.mark.parametrize("steps", range(len(STEPS) + 1))
async def test_a_caller_may_hang_up_after_any_step(house: House, steps: int) -> None:
    call, _ = await house.start()
    for step in STEPS[:steps]:
        await step(call)
    await hang_up(call)
    result = await call.handle.result()
    assert result.phase == PHASE_COMPLETED if steps else result.phase in (PHASE_ABANDONED, PHASE_COMPLETED)
    await assert_nothing_left(call)


@pytest.mark.parametrize("step", [answered, asked_a_tool, talked_out])
async def test_a_caller_may_hang_up_in_the_same_moment(house: House, step: Step) -> None:
    call, _ = await house.start()
    for before in STEPS[:3]:
        await before(call)
    await asyncio.gather(step(call), hang_up(call))
    assert (await call.handle.result()).phase == PHASE_COMPLETED
    await assert_nothing_left(call)


async def test_a_caller_may_hang_up_while_a_tool_works(house: House) -> None:
    call, _ = await house.start()
    for before in STEPS[:3]:
        await before(call)
    await ask_tool(call, name="clinic.slow")
    await call.until(lambda view: len(view.tool_calls) == 1)
    await hang_up(call)
    assert (await call.handle.result()).phase == PHASE_COMPLETED
    assert [tool.outcome for tool in (await call.view()).tool_calls] == ["ok"]
    await assert_nothing_left(call)


async def test_media_that_cannot_be_set_up_fails_the_call(house: House) -> None:
    call, _ = await house.start()
    await call.fact(
        LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_FAILED, reason="DTLS_FAILED", placement_epoch=1)
    )
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_FAILED, "DTLS_FAILED")
    await assert_nothing_left(call)


async def test_facts_that_come_twice_and_in_another_order_change_nothing(house: House) -> None:
    call, _ = await house.start()
    await engaged(call)
    before = [
        await call.fact(LegStateChanged(leg_id=call.leg_id, state=state, placement_epoch=1))
        for state in (LEG_STATE_INITIATED, LEG_STATE_CONNECTED)
    ]
    await call.until(lambda view: view.legs[0].state == LEG_STATE_CONNECTED)
    seen = (await call.view()).decisions
    for batch in (before, before[::-1], [before[0]] * 3):
        await call.handle.signal(names.SIGNAL_TAKE_FACTS, FactBatch(facts=batch))
    assert (await call.view()).decisions == seen
    await hang_up(call)
    assert (await call.handle.result()).phase == PHASE_COMPLETED
    await assert_nothing_left(call)
