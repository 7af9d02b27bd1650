"""A human agent gives the caller back to the AI agent."""

from bridge_steps import hears
from call_steps import ai_leg, assert_nothing_left, attach, detach, end_talk, hang_up
from temporal import House, PlacedCall, eventually
from transfer_steps import bridged_call

from cordboard.call.v1.call_pb2 import PHASE_AI_ENGAGED, PHASE_COMPLETED, PHASE_QUEUED, TALK_OUTCOME_WANTS_HUMAN
from cordboard.call.v1.call_service_pb2 import (
    HoldLegRequest,
    HoldLegResponse,
    TransferCallRequest,
    TransferCallResponse,
)
from cordboard.call.v1.call_workflow_pb2 import HoldInput, TransferInput
from cordboard.workflows import names


async def hand_back(call: PlacedCall) -> None:
    wanted = TransferInput(actor="agent/ann", request=TransferCallRequest(to_ai_agent=True))
    await call.update(names.UPDATE_TRANSFER, wanted, TransferCallResponse)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def test_an_ai_agent_goes_on_with_all_that_was_said_and_the_human_agent_is_out(house: House) -> None:
    call, ann = await bridged_call(house)
    await hand_back(call)
    await eventually(lambda: len(house.agents.engaged) == 2)
    _, request = house.agents.engaged[-1]
    assert request.context.after_human
    await attach(call)
    ai = await ai_leg(call)
    await eventually(lambda: hears(call, call.leg_id) == [ai])
    removed = [command.remove_leg.leg_id for command in call.room.commands if command.HasField("remove_leg")]
    assert ann.leg_id in removed
    await eventually(lambda: house.routing.of(call.call_id)[-1] == "release ann 1 WRAP_UP")
    await end_talk(call)
    await detach(call)
    assert await ended(call) == (PHASE_COMPLETED, "DONE")


async def test_a_caller_who_asks_for_a_human_again_waits_again(house: House) -> None:
    call, _ = await bridged_call(house)
    await hand_back(call)
    await attach(call)
    await end_talk(call, TALK_OUTCOME_WANTS_HUMAN)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await hang_up(call)
    await call.handle.result()
    await call.assert_live_equals_log()


async def test_a_caller_on_hold_is_taken_back_first(house: House) -> None:
    call, _ = await bridged_call(house)
    hold = HoldInput(actor="agent/ann", request=HoldLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_HOLD, hold, HoldLegResponse)
    await hand_back(call)
    assert not any(leg.held for leg in (await call.view()).legs)
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
