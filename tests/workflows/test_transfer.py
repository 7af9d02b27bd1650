"""A human agent hands the caller on, and everything that comes in between."""

import pytest
from bridge_steps import Agent, hears
from call_steps import assert_nothing_left, hang_up
from temporal import House, PlacedCall, eventually
from temporalio.client import WorkflowUpdateFailedError
from transfer_steps import bridged_call, join, step, transfer

from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_COMPLETED, PHASE_QUEUED
from cordboard.call.v1.call_service_pb2 import RemoveLegRequest, RemoveLegResponse
from cordboard.call.v1.call_workflow_pb2 import RemoveLegInput
from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STEP_CANCEL,
    TRANSFER_STEP_COMPLETE,
    TRANSFER_STEP_CONFERENCE,
    TransferCompleted,
    TransferReturned,
)
from cordboard.workflows import names
from cordboard.workflows.failures import from_failure

AT_FIRST = ["enqueue 1", "confirm ann 1"]


async def leaves(call: PlacedCall, agent: Agent) -> None:
    request = RemoveLegRequest(leg_id=agent.leg_id, reason="AGENT_HUNG_UP")
    argument = RemoveLegInput(actor=f"agent/{agent.name}", request=request)
    await call.update(names.UPDATE_REMOVE_LEG, argument, RemoveLegResponse)
    await agent.gone("AGENT_HUNG_UP")


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def told(call: PlacedCall, *requests: str) -> None:
    """Routing was asked for all that, in this order."""
    await eventually(lambda: call.house.routing.of(call.call_id) == [*AT_FIRST, *requests])


def removed(call: PlacedCall) -> list[str]:
    return [command.remove_leg.leg_id for command in call.room.commands if command.HasField("remove_leg")]


async def returned(call: PlacedCall) -> list[str]:
    return [event.reason for event in await call.events() if isinstance(event, TransferReturned)]


async def consulting_call(house: House) -> tuple[PlacedCall, Agent, Agent]:
    call, ann = await bridged_call(house)
    await transfer(call, queue="billing", consult=True)
    bob = Agent(call, "bob")
    await join(bob)
    await eventually(lambda: hears(call, ann.leg_id) == [bob.leg_id])
    return call, ann, bob


async def test_a_blind_transfer_leaves_the_caller_to_the_second_agent(house: House) -> None:
    call, ann = await bridged_call(house)
    await transfer(call, queue="billing", skills=["invoices"])
    wait = house.routing.wait_of(call.call_id)
    assert (wait.queue, list(wait.skills)) == ("billing", ["invoices"])
    assert hears(call, call.leg_id) == hears(call, ann.leg_id) == []
    bob = Agent(call, "bob")
    await join(bob)
    await eventually(lambda: hears(call, call.leg_id) == [bob.leg_id])
    await eventually(lambda: ann.leg_id in removed(call))
    await ann.gone("OFFER_OVER")
    await leaves(call, bob)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    await told(call, "enqueue 2", "confirm bob 1", "release ann 1 WRAP_UP", "release bob 1 WRAP_UP")


async def test_a_named_agent_is_asked_for_and_nobody_else(house: House) -> None:
    call, _ = await bridged_call(house)
    await transfer(call, agent_id="bob")
    wait = house.routing.wait_of(call.call_id)
    assert (wait.queue, list(wait.skills)) == ("front-desk", ["agent:bob"])
    await hang_up(call)
    await ended(call)


async def test_a_named_agent_who_declines_gives_the_caller_back(house: House) -> None:
    call, ann = await bridged_call(house)
    await transfer(call, agent_id="bob")
    bob = Agent(call, "bob")
    await bob.rung()
    await bob.answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED and view.agent_id == "ann")
    await eventually(lambda: hears(call, call.leg_id) == [ann.leg_id])
    await told(call, "enqueue 2", "release bob 1 NOT_READY DECLINED", "cancel 2")
    assert ann.leg_id not in removed(call)
    await leaves(call, ann)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    assert house.routing.of(call.call_id)[-1] == "release ann 1 WRAP_UP"


async def test_a_transfer_that_nobody_takes_comes_back(patient_house: House) -> None:
    call, ann = await bridged_call(patient_house)
    await transfer(call, queue="billing")
    await patient_house.environment.sleep(61)
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED and view.agent_id == "ann")
    assert await returned(call) == ["NO_ANSWER"]
    assert hears(call, call.leg_id) == [ann.leg_id]
    await leaves(call, ann)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_a_consultation_is_completed(house: House) -> None:
    call, ann, bob = await consulting_call(house)
    assert (hears(call, call.leg_id), hears(call, bob.leg_id)) == ([], [ann.leg_id])
    await step(call, TRANSFER_STEP_COMPLETE)
    await eventually(lambda: hears(call, call.leg_id) == [bob.leg_id])
    await eventually(lambda: ann.leg_id in removed(call))
    await ann.gone("OFFER_OVER")
    await leaves(call, bob)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    await told(call, "enqueue 2", "confirm bob 1", "release ann 1 WRAP_UP", "release bob 1 WRAP_UP")


async def test_a_consultation_is_given_up(house: House) -> None:
    call, ann, bob = await consulting_call(house)
    await step(call, TRANSFER_STEP_CANCEL)
    await eventually(lambda: hears(call, call.leg_id) == [ann.leg_id])
    await eventually(lambda: bob.leg_id in removed(call))
    await bob.gone("OFFER_OVER")
    await leaves(call, ann)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")
    await told(call, "enqueue 2", "confirm bob 1", "release bob 1 WRAP_UP", "release ann 1 WRAP_UP")


async def test_three_talk_until_one_agent_leaves(house: House) -> None:
    call, ann, bob = await consulting_call(house)
    await step(call, TRANSFER_STEP_CONFERENCE)
    await eventually(lambda: hears(call, call.leg_id) == sorted([ann.leg_id, bob.leg_id]))
    assert hears(call, ann.leg_id) == sorted([call.leg_id, bob.leg_id])
    assert hears(call, bob.leg_id) == sorted([call.leg_id, ann.leg_id])
    await leaves(call, ann)
    await eventually(lambda: hears(call, call.leg_id) == [bob.leg_id])
    assert [event.agent_id for event in await call.events() if isinstance(event, TransferCompleted)] == ["bob"]
    await leaves(call, bob)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_the_second_agent_leaves_a_conference_and_the_first_goes_on(house: House) -> None:
    call, ann, bob = await consulting_call(house)
    await step(call, TRANSFER_STEP_CONFERENCE)
    await leaves(call, bob)
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED and view.agent_id == "ann")
    await eventually(lambda: hears(call, call.leg_id) == [ann.leg_id])
    await leaves(call, ann)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


@pytest.mark.parametrize("rings", ["queued", "rung", "accepted", "joined"])
async def test_a_caller_who_hangs_up_while_it_rings_leaves_nobody_in_an_empty_room(house: House, rings: str) -> None:
    call, _ = await bridged_call(house)
    await transfer(call, queue="billing")
    bob = Agent(call, "bob")
    if rings != "queued":
        await bob.rung()
    if rings in ("accepted", "joined"):
        await bob.answer()
    if rings == "joined":
        await bob.join()
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    asked = house.routing.of(call.call_id)
    assert asked[:4] == [*AT_FIRST, "enqueue 2", "cancel 2"]
    assert "release ann 1 WRAP_UP" in asked
    assert "confirm bob 1" not in asked


async def test_a_caller_who_hangs_up_in_a_consultation_ends_the_call(house: House) -> None:
    call, _, _ = await consulting_call(house)
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    asked = house.routing.of(call.call_id)
    assert {"release ann 1 WRAP_UP", "release bob 1 WRAP_UP"} <= set(asked)


async def test_a_first_agent_who_leaves_meanwhile_is_not_waited_for(house: House) -> None:
    call, ann = await bridged_call(house)
    await transfer(call, queue="billing")
    await leaves(call, ann)
    bob = Agent(call, "bob")
    await join(bob)
    await eventually(lambda: hears(call, call.leg_id) == [bob.leg_id])
    await leaves(call, bob)
    assert await ended(call) == (PHASE_COMPLETED, "AGENT_HUNG_UP")


async def test_a_transfer_that_is_called_off_while_it_rings_blames_nobody(house: House) -> None:
    call, ann = await bridged_call(house)
    await transfer(call, queue="billing")
    bob = Agent(call, "bob")
    await bob.rung()
    await step(call, TRANSFER_STEP_CANCEL)
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await told(call, "enqueue 2", "release bob 1 READY CANCELLED", "cancel 2")
    await leaves(call, ann)
    await ended(call)


async def test_what_does_not_fit_is_refused_and_changes_nothing(house: House) -> None:
    call, ann = await bridged_call(house)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await step(call, TRANSFER_STEP_COMPLETE)
    assert from_failure(refused.value.cause).reason == "NO_TRANSFER"
    await transfer(call, queue="billing")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await transfer(call, queue="other")
    assert from_failure(refused.value.cause).reason in ("WRONG_PHASE", "ALREADY_TRANSFERRING")
    assert (await call.view()).phase in (PHASE_QUEUED, PHASE_AGENT_ALERTING)
    await leaves(call, ann)
    await hang_up(call)
    await ended(call)
