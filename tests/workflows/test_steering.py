import pytest
from bridge_steps import hears, playing
from call_steps import assert_nothing_left, consent, engaged_call, hang_up
from temporal import OFFER, House, PlacedCall, eventually
from temporalio.client import WorkflowUpdateFailedError

from cordboard.call.v1 import call_service_pb2 as service
from cordboard.call.v1 import call_workflow_pb2 as workflow_pb
from cordboard.call.v1.call_pb2 import (
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    RECORDING_STATE_OFF,
    RECORDING_STATE_ON,
    RECORDING_STATE_PAUSED,
    RecordingState,
)
from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    WrongStateError,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_SUPERVISOR
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA
from cordboard.workflows import names
from cordboard.workflows.failures import from_failure

DIGEST = b"digest"


async def refused(asking) -> CordboardError:  # type: ignore[no-untyped-def]
    with pytest.raises(WorkflowUpdateFailedError) as raised:
        await asking
    return from_failure(raised.value.cause)


async def record(call: PlacedCall, state: RecordingState.ValueType) -> service.SetRecordingResponse:
    request = service.SetRecordingRequest(request_id="r", call_id=call.call_id, state=state)
    argument = workflow_pb.SetRecordingInput(actor="app/a", request=request, args_digest=DIGEST)
    answer: service.SetRecordingResponse = await call.update(
        names.UPDATE_SET_RECORDING, argument, service.SetRecordingResponse
    )
    return answer


async def hold(call: PlacedCall, leg_id: str) -> service.HoldLegResponse:
    argument = workflow_pb.HoldInput(actor="app/a", request=service.HoldLegRequest(leg_id=leg_id), args_digest=DIGEST)
    answer: service.HoldLegResponse = await call.update(names.UPDATE_HOLD, argument, service.HoldLegResponse)
    return answer


async def end(call: PlacedCall) -> service.EndCallResponse:
    request = service.EndCallRequest(call_id=call.call_id, reason="OPERATOR")
    argument = workflow_pb.EndCallInput(actor="app/a", request=request, args_digest=DIGEST)
    answer: service.EndCallResponse = await call.update(names.UPDATE_END_CALL, argument, service.EndCallResponse)
    return answer


async def remove(call: PlacedCall, leg_id: str) -> service.RemoveLegResponse:
    request = service.RemoveLegRequest(call_id=call.call_id, leg_id=leg_id)
    argument = workflow_pb.RemoveLegInput(actor="caller", request=request, args_digest=DIGEST)
    answer: service.RemoveLegResponse = await call.update(names.UPDATE_REMOVE_LEG, argument, service.RemoveLegResponse)
    return answer


async def add(call: PlacedCall, sdp: str = OFFER) -> service.AddLegResponse:
    request = service.AddLegRequest(call_id=call.call_id, sdp_offer=sdp, role=LEG_ROLE_SUPERVISOR)
    argument = workflow_pb.AddLegInput(actor="agent/s1", request=request, party_id="s1", args_digest=DIGEST)
    answer: service.AddLegResponse = await call.update(names.UPDATE_ADD_LEG, argument, service.AddLegResponse)
    return answer


async def test_recording_is_paused_resumed_and_stopped_on_request(house: House) -> None:
    call = await engaged_call(house)
    await consent(call)
    assert (await record(call, RECORDING_STATE_PAUSED)).args_digest == DIGEST
    await record(call, RECORDING_STATE_ON)
    await record(call, RECORDING_STATE_OFF)
    await eventually(lambda: call.room.kinds[-1] == "stop_recording")
    assert call.room.kinds[-4:] == ["start_recording", "pause_recording", "resume_recording", "stop_recording"]
    await hang_up(call)
    await call.handle.result()
    await assert_nothing_left(call)


async def test_nothing_is_recorded_without_consent(house: House) -> None:
    call = await engaged_call(house)
    error = await refused(record(call, RECORDING_STATE_ON))
    assert isinstance(error, WrongStateError)
    assert error.reason == "CONSENT_MISSING"
    await hang_up(call)
    await call.handle.result()


async def test_a_held_leg_hears_nobody(house: House) -> None:
    call = await engaged_call(house)
    assert (await hold(call, call.leg_id)).args_digest == DIGEST
    await eventually(lambda: not hears(call, call.leg_id))
    await eventually(lambda: playing(call, call.leg_id) == ["hold_music"])
    argument = workflow_pb.RetrieveInput(actor="app/a", request=service.RetrieveLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_RETRIEVE, argument, service.RetrieveLegResponse)
    await eventually(lambda: bool(hears(call, call.leg_id)) and not playing(call, call.leg_id))
    assert (await refused(hold(call, "nobody"))).reason == "LEG_NOT_FOUND"
    await hang_up(call)
    await call.handle.result()


async def test_an_ended_call_is_released_and_ending_it_again_is_fine(house: House) -> None:
    call = await engaged_call(house)
    assert (await end(call)).args_digest == DIGEST
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_CANCELLED, "OPERATOR")
    await assert_nothing_left(call)


async def test_a_caller_who_takes_the_leg_away_has_hung_up(house: House) -> None:
    call = await engaged_call(house)
    await remove(call, call.leg_id)
    result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "CALLER_HUNG_UP")
    await assert_nothing_left(call)


async def test_a_leg_is_added_with_the_nodes_answer_and_removed(house: House) -> None:
    call = await engaged_call(house)
    answer = await add(call)
    assert answer.sdp_answer == f"v=0 answer for {answer.leg_id}"
    assert answer.args_digest == DIGEST
    await remove(call, answer.leg_id)
    assert (await call.view()).phase != PHASE_COMPLETED
    await hang_up(call)
    await call.handle.result()
    await assert_nothing_left(call)


async def test_an_offer_that_cannot_be_answered_is_the_askers_fault(house: House) -> None:
    call = await engaged_call(house)
    error = await refused(add(call, "nonsense"))
    assert isinstance(error, InvalidError)
    assert error.reason == "BAD_SDP"
    await hang_up(call)
    await call.handle.result()


async def test_an_app_may_ask_for_a_human(house: House) -> None:
    call = await engaged_call(house)
    argument = workflow_pb.EscalateInput(actor="app/a", request=service.EscalateCallRequest(reason="APP"))
    await call.update(names.UPDATE_ESCALATE, argument, service.EscalateCallResponse)
    assert (await call.view()).escalation_reason == "APP"
    await hang_up(call)
    await call.handle.result()


async def test_an_operators_cancel_releases_everything(house: House) -> None:
    call = await engaged_call(house)
    await call.handle.cancel()
    assert (await call.handle.result()).phase == PHASE_CANCELLED
    await assert_nothing_left(call)


async def test_a_second_start_of_the_same_call_is_refused(house: House) -> None:
    call, _ = await house.start()
    again = workflow_pb.StartCallInput(actor="caller", request_id="other", sdp_offer=OFFER)
    error = await refused(call.update(names.UPDATE_START_CALL, again, workflow_pb.StartCallAnswer))
    assert isinstance(error, ConflictError)
    await call.handle.cancel()
    await call.handle.result()


async def test_a_request_before_the_start_is_refused(house: House) -> None:
    call_id = await house.open_call()
    await house.client.start_workflow(
        names.CALL_WORKFLOW,
        house.call_input(call_id),
        id=names.workflow_id(call_id),
        task_queue=names.CALLS_QUEUE,
    )
    call = house.placed(call_id, "")
    assert isinstance(await refused(end(call)), NotFoundError)
    await call.handle.terminate()


async def test_the_same_start_gets_the_same_answer_even_when_the_call_is_over(house: House) -> None:
    call_id = await house.open_call()
    first = await house.start_at_once(call_id)
    assert await house.start_at_once(call_id) == first
    call = house.placed(call_id, first.leg_id)
    await hang_up(call)
    await call.handle.result()
    assert await house.start_at_once(call_id) == first
    await assert_nothing_left(call)


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (lambda house: house.registry.remove(NODE_KIND_MEDIA, "m1"), CordboardError, "NO_NODE"),
        (lambda house: house.nodes.away.add("m1:1"), UnavailableError, "MEDIA_LOST"),
        (lambda house: house.nodes.refused.update(create_room="NODE_DRAINING"), UnavailableError, "NODE_DRAINING"),
    ],
)
async def test_a_call_that_cannot_be_placed_says_why(house: House, spoil, kind, reason: str) -> None:  # type: ignore[no-untyped-def]
    spoil(house)
    call_id = await house.open_call()
    error = await refused(house.start_at_once(call_id))
    assert isinstance(error, kind)
    assert error.reason == reason
    call = house.placed(call_id, "")
    assert (await call.handle.result()).end_reason == reason
    await call.assert_live_equals_log()


async def test_a_malformed_offer_leaves_no_room(house: House) -> None:
    call_id = await house.open_call()
    error = await refused(house.start_at_once(call_id, sdp="nonsense"))
    assert isinstance(error, InvalidError)
    assert error.reason == "BAD_SDP"
    call = house.placed(call_id, "")
    assert (await call.handle.result()).end_reason == "BAD_SDP"
    await assert_nothing_left(call)


async def test_an_unknown_vertical_is_named_as_the_reason(house: House) -> None:
    call_id = await house.open_call()
    with pytest.raises(WorkflowUpdateFailedError) as raised:
        await house.start(call_id, vertical="unknown")
    assert from_failure(raised.value.cause).reason == "VERTICAL_UNKNOWN"
    await house.placed(call_id, "").handle.result()
