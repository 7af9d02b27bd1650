"""Callbacks: promised in one call, kept by another."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from bridge_steps import Agent, hears
from call_steps import assert_nothing_left, connect, hang_up
from callback_steps import NUMBER, call_off, callback_of
from temporal import OFFER, House, PlacedCall, eventually, open_house
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from verb_calls import VerbCallWorkflow

from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_ORIGINATING,
    PHASE_QUEUED,
)
from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import AddLegInput, NodeLost
from cordboard.call.v1.decisions_pb2 import CallbackBooked, CallOriginated, CallQueued
from cordboard.call.v1.facts_pb2 import LegStateChanged
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyCalled, PartyDeclined
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_STATE_CONNECTED
from cordboard.workflows import names
from cordboard.workflows.failures import from_failure

DOOR = "gateway/g1/b1"


@pytest.fixture
async def verbs(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[House]:
    async with open_house(time_skipping_server, workflow=VerbCallWorkflow) as opened:
        yield opened


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def promised(house: House) -> tuple[PlacedCall, PlacedCall]:
    """A call in which a callback was promised, and the call that keeps the place."""
    first, _ = await house.start(workflow="callback")
    await connect(first)
    second = await callback_of(house, first)
    await second.until(lambda view: view.queue == "front-desk")
    return first, second


async def called(call: PlacedCall) -> list[str]:
    return [event.target for event in await call.events() if isinstance(event, PartyCalled)]


async def until_called(call: PlacedCall) -> None:
    async with asyncio.timeout(20):
        while not await called(call):
            await asyncio.sleep(0.01)


async def pick_up(call: PlacedCall) -> None:
    argument = AddLegInput(actor="caller", request=AddLegRequest(sdp_offer=OFFER, role=LEG_ROLE_CALLER))
    answer: AddLegResponse = await call.handle.execute_update(
        names.UPDATE_ADD_LEG, argument, id=str(uuid.uuid4()), result_type=AddLegResponse
    )
    call.leg_id = answer.leg_id
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))


async def test_the_promise_is_on_record_and_another_call_keeps_the_place(verbs: House) -> None:
    first, second = await promised(verbs)
    assert (await second.view()).phase == PHASE_ORIGINATING
    [booked] = [event for event in await first.events() if isinstance(event, CallbackBooked)]
    assert booked.number == NUMBER
    [begun] = [event for event in await second.events() if isinstance(event, CallOriginated)]
    assert (begun.target, begun.related_call_id) == (NUMBER, first.call_id)
    wait = verbs.routing.wait_of(second.call_id)
    assert (wait.queue, list(wait.skills)) == ("front-desk", ["clinical"])
    assert wait.HasField("since")
    assert await called(second) == []
    assert (await call_off(second)).phase == PHASE_CANCELLED
    assert verbs.routing.of(second.call_id) == ["enqueue 1", "cancel 1"]
    assert await ended(first) == (PHASE_COMPLETED, "PROMISED")


async def test_the_party_is_called_once_an_agent_is_set_aside_and_gets_that_agent(verbs: House) -> None:
    _, second = await promised(verbs)
    ann = Agent(second)
    await ann.reserved()
    await until_called(second)
    assert await called(second) == [NUMBER]
    await eventually(lambda: second.room.kinds == ["create_room", "create_room"])
    await second.fact(PartyAlerted(), DOOR)
    await pick_up(second)
    await second.until(lambda view: view.phase == PHASE_AGENT_ALERTING and view.agent_id == "ann")
    await ann.answer()
    await ann.join()
    await ann.connected()
    await second.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await eventually(lambda: hears(second, second.leg_id) == [ann.leg_id])
    [queued] = [event for event in await second.events() if isinstance(event, CallQueued)]
    assert queued.hand_over == "A swollen ankle."
    await hang_up(second)
    assert await ended(second) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    asked = verbs.routing.of(second.call_id)
    assert asked == ["enqueue 1", "enqueue 2", "confirm ann 1", "release ann 1 WRAP_UP"]


@pytest.mark.parametrize("reason", ["BUSY", "NO_ANSWER"])
async def test_a_party_who_does_not_pick_up_frees_the_agent(verbs: House, reason: str) -> None:
    _, second = await promised(verbs)
    await Agent(second).reserved()
    await until_called(second)
    await second.fact(PartyAlerted(), DOOR)
    if reason == "BUSY":
        await second.fact(PartyDeclined(reason=reason), DOOR)
    else:
        await verbs.environment.sleep(31)
    await second.until(lambda view: view.phase == PHASE_CANCELLED)
    assert await ended(second) == (PHASE_CANCELLED, reason)
    # The agent is ready again by this: nobody was rung.
    assert verbs.routing.of(second.call_id) == ["enqueue 1", "cancel 1"]


async def test_an_agent_who_is_gone_before_the_party_picks_up_is_followed_by_the_next(verbs: House) -> None:
    _, second = await promised(verbs)
    ann = Agent(second)
    await ann.reserved()
    await until_called(second)
    await ann.withdrawn("SESSION_LOST")
    await pick_up(second)
    await second.until(lambda view: view.phase == PHASE_QUEUED)
    bob = Agent(second, "bob")
    await bob.take()
    await eventually(lambda: hears(second, second.leg_id) == [bob.leg_id])
    await hang_up(second)
    await ended(second)


async def test_nobody_joins_before_they_are_called(verbs: House) -> None:
    _, second = await promised(verbs)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await pick_up(second)
    assert from_failure(refused.value.cause).reason == "WRONG_PHASE"
    await call_off(second)


async def test_without_a_number_nothing_is_promised(verbs: House) -> None:
    call, _ = await verbs.start(workflow="callback_without_number")
    assert await ended(call) == (PHASE_COMPLETED, "NO_NUMBER")


async def test_a_place_outlives_the_node_that_the_waiting_call_was_placed_on(verbs: House) -> None:
    first, second = await promised(verbs)
    await second.handle.signal(names.SIGNAL_LOSE_NODE, NodeLost(node_id="m1", boot_id="b1"))
    await second.until(lambda view: view.phase == PHASE_FAILED)
    known = {first.call_id, second.call_id}
    await eventually(lambda: len({request.call_id for request in verbs.routing.asked} - known) == 1)
    [call_id] = {request.call_id for request in verbs.routing.asked} - known
    third = verbs.placed(call_id, "")
    before, after = verbs.routing.wait_of(second.call_id), verbs.routing.wait_of(third.call_id)
    assert (after.queue, after.since) == (before.queue, before.since)
    [begun] = [event for event in await third.events() if isinstance(event, CallOriginated)]
    assert (begun.target, begun.related_call_id) == (NUMBER, first.call_id)
    await call_off(third)
