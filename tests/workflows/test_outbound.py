"""Calls that we place to a party who waits at a line."""

import uuid
from collections.abc import AsyncIterator

import pytest
from call_steps import assert_nothing_left, attach, detach, end_talk, hang_up
from temporal import OFFER, House, PlacedCall, eventually, open_house
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from verb_calls import VerbCallWorkflow

from cordboard.call.v1.call_pb2 import (
    DIRECTION_OUTBOUND,
    PHASE_AI_ENGAGED,
    PHASE_ALERTING,
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    PHASE_FAILED,
    PHASE_INTAKE,
    PHASE_ORIGINATING,
)
from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import AddLegInput
from cordboard.call.v1.decisions_pb2 import CallOriginated
from cordboard.call.v1.facts_pb2 import LegStateChanged
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyDeclined
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_STATE_CONNECTED, LEG_STATE_FAILED
from cordboard.workflows import names
from cordboard.workflows.failures import from_failure

LINE = "ada"
DOOR = "gateway/g1/b1"


@pytest.fixture
async def verbs(time_skipping_server: WorkflowEnvironment) -> AsyncIterator[House]:
    async with open_house(time_skipping_server, workflow=VerbCallWorkflow) as opened:
        yield opened


async def placed(house: House) -> PlacedCall:
    call, answer = await house.start(sdp="", direction=DIRECTION_OUTBOUND, target=LINE, workflow="outbound")
    assert not answer.sdp_answer
    assert not house.agents.engaged
    return call


async def ringing(house: House) -> PlacedCall:
    call = await placed(house)
    await call.fact(PartyAlerted(), DOOR)
    await call.until(lambda view: view.phase == PHASE_ALERTING)
    return call


async def pick_up(call: PlacedCall) -> None:
    request = AddLegRequest(sdp_offer=OFFER, role=LEG_ROLE_CALLER)
    answer: AddLegResponse = await call.handle.execute_update(
        names.UPDATE_ADD_LEG,
        AddLegInput(actor="caller", request=request),
        id=str(uuid.uuid4()),
        result_type=AddLegResponse,
    )
    call.leg_id = answer.leg_id


async def answered(house: House) -> PlacedCall:
    call = await ringing(house)
    await pick_up(call)
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    return call


async def ended(call: PlacedCall) -> tuple[int, str]:
    result = await call.handle.result()
    await assert_nothing_left(call)
    return result.phase, result.end_reason


async def test_a_party_who_picks_up_is_talked_with(verbs: House) -> None:
    call = await answered(verbs)
    await eventually(lambda: len(verbs.agents.engaged) == 1)
    await attach(call)
    await end_talk(call)
    await detach(call)
    assert await ended(call) == (PHASE_COMPLETED, "TOLD")
    view = await call.view()
    assert list(view.phases)[:4] == [PHASE_ORIGINATING, PHASE_ALERTING, PHASE_INTAKE, PHASE_AI_ENGAGED]
    [begun] = [event for event in await call.events() if isinstance(event, CallOriginated)]
    assert begun.target == LINE


async def test_nobody_answers(verbs: House) -> None:
    call = await ringing(verbs)
    assert await ended(call) == (PHASE_CANCELLED, "NO_ANSWER")


async def test_nobody_is_at_the_line(verbs: House) -> None:
    call = await placed(verbs)
    assert await ended(call) == (PHASE_CANCELLED, "NO_ANSWER")


@pytest.mark.parametrize("reason", ["BUSY", "DECLINED"])
async def test_the_party_does_not_take_it(verbs: House, reason: str) -> None:
    call = await ringing(verbs)
    await call.fact(PartyDeclined(reason=reason), DOOR)
    await call.until(lambda view: view.phase == PHASE_CANCELLED)
    assert await ended(call) == (PHASE_CANCELLED, reason)


async def test_whoever_has_picked_up_is_not_put_off_by_another_window(verbs: House) -> None:
    call = await ringing(verbs)
    await pick_up(call)
    await call.fact(PartyDeclined(reason="DECLINED"), DOOR)
    await call.fact(LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await hang_up(call)
    assert await ended(call) == (PHASE_COMPLETED, "CALLER_HUNG_UP")


async def test_only_one_picks_up(verbs: House) -> None:
    call = await answered(verbs)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await pick_up(call)
    assert from_failure(refused.value.cause).reason == "WRONG_PHASE"
    await hang_up(call)
    await ended(call)


async def test_a_party_whose_media_cannot_connect_ends_it(verbs: House) -> None:
    call = await ringing(verbs)
    await pick_up(call)
    failed = LegStateChanged(leg_id=call.leg_id, state=LEG_STATE_FAILED, reason="ICE_FAILED", placement_epoch=1)
    await call.fact(failed)
    await call.until(lambda view: view.phase == PHASE_FAILED)
    assert await ended(call) == (PHASE_FAILED, "ICE_FAILED")
