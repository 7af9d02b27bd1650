"""The gRPC front door: starting, showing and steering calls."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from gateway_house import ALL_SCOPES, House, new_id, reason_of, start_request
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2, decisions_pb2
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1.transfer_pb2 import TRANSFER_STEP_COMPLETE
from cordboard.core.errors import WrongStateError
from cordboard.gateway.memory_call_control import ANSWER, CALLER_LEG
from cordboard.media.v1 import leg_pb2

Steer = Callable[[str], Any]

STEERINGS: dict[str, Steer] = {
    "EscalateCall": lambda call: pb.EscalateCallRequest(request_id=new_id(), call_id=call, reason="APP"),
    "HoldLeg": lambda call: pb.HoldLegRequest(request_id=new_id(), call_id=call, leg_id=CALLER_LEG),
    "RetrieveLeg": lambda call: pb.RetrieveLegRequest(request_id=new_id(), call_id=call, leg_id=CALLER_LEG),
    "SetRecording": lambda call: pb.SetRecordingRequest(
        request_id=new_id(), call_id=call, state=call_pb2.RECORDING_STATE_PAUSED, reason="PAYMENT"
    ),
    "TransferCall": lambda call: pb.TransferCallRequest(request_id=new_id(), call_id=call, queue="billing"),
    "StepTransfer": lambda call: pb.StepTransferRequest(request_id=new_id(), call_id=call, step=TRANSFER_STEP_COMPLETE),
    "EndCall": lambda call: pb.EndCallRequest(request_id=new_id(), call_id=call, reason="OPERATOR"),
}


async def _refused(house: House, method: str, request: Message, token: str) -> tuple[grpc.StatusCode, str]:
    """Ask and give the status and reason of the refusal; fails when something changed."""
    before = (await house.events(), house.control.changes)
    async with house.calls(token) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub, method)(request)
    assert (await house.events(), house.control.changes) == before
    return refused.value.code(), reason_of(refused.value)


async def test_a_call_is_started_and_its_repeat_gets_the_same_answer(house: House) -> None:
    request = start_request()
    async with house.calls(house.token()) as stub:
        first = await stub.StartCall(request)
        assert await stub.StartCall(request) == first
    assert (first.leg_id, first.sdp_answer) == (CALLER_LEG, ANSWER)
    assert house.control.changes == 1


async def test_the_same_answer_is_given_after_the_call_is_over(house: House) -> None:
    request = start_request()
    async with house.calls(house.token()) as stub:
        first = await stub.StartCall(request)
        await stub.EndCall(STEERINGS["EndCall"](first.call_id))
        await house.decide(first.call_id, decisions_pb2.CallCompleted())
        assert await stub.StartCall(request) == first


async def test_a_start_without_an_offer_has_no_leg_yet(house: House) -> None:
    request = start_request()
    request.ClearField("sdp_offer")
    async with house.calls(house.token()) as stub:
        started = await stub.StartCall(request)
    assert (started.leg_id, started.sdp_answer) == ("", "")


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"request_id": ""}, "INVALID_ARGUMENT", "REQUEST_ID_MISSING"),
        ({"request_id": "Mr Smith"}, "INVALID_ARGUMENT", "REQUEST_ID_INVALID"),
        ({"direction": 0}, "INVALID_ARGUMENT", "DIRECTION_MISSING"),
        ({"direction": 77}, "INVALID_ARGUMENT", "DIRECTION_MISSING"),
        ({"direction": 2}, "INVALID_ARGUMENT", "TARGET_MISSING"),
        ({"sdp_offer": "nonsense"}, "INVALID_ARGUMENT", "BAD_SDP"),
        ({"vertical": "banking"}, "PERMISSION_DENIED", "VERTICAL_MISMATCH"),
    ],
)
async def test_a_start_with_bad_arguments_starts_nothing(
    house: House, change: dict[str, Any], code: str, reason: str
) -> None:
    request = start_request()
    for name, value in change.items():
        setattr(request, name, value)
    assert await _refused(house, "StartCall", request, house.token()) == (grpc.StatusCode[code], reason)


async def test_a_reused_request_id_with_other_arguments_starts_nothing(house: House) -> None:
    request = start_request()
    async with house.calls(house.token()) as stub:
        await stub.StartCall(request)
    request.target = "another"
    refusal = await _refused(house, "StartCall", request, house.token())
    assert refusal == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_two_tenants_may_use_the_same_request_id(house: House) -> None:
    request = start_request()
    async with house.calls(house.token()) as mine, house.calls(house.token(tenant="other")) as theirs:
        assert (await mine.StartCall(request)).call_id != (await theirs.StartCall(request)).call_id


async def test_a_callers_token_pays_for_one_call_over_grpc_too(house: House) -> None:
    token = house.caller()
    async with house.calls(token) as stub:
        await stub.StartCall(start_request())
    refusal = await _refused(house, "StartCall", start_request(), token)
    assert refusal == (grpc.StatusCode.ALREADY_EXISTS, "TOKEN_USED")


async def test_a_ledger_that_is_away_is_named(house: House) -> None:
    house.ledger.away = True
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.StartCall(start_request())
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.UNAVAILABLE, "LEDGER_AWAY")
    assert house.control.changes == 0


@pytest.mark.parametrize("method", STEERINGS)
async def test_a_call_is_steered_once_for_each_request(house: House, method: str) -> None:
    request = STEERINGS[method](await house.started())
    async with house.calls(house.token()) as stub:
        await getattr(stub, method)(request)
        await getattr(stub, method)(request)
    assert house.control.changes == 2


@pytest.mark.parametrize("method", STEERINGS)
@pytest.mark.parametrize("whose", ["other", "nobody"])
async def test_a_call_of_another_tenant_or_nobody_is_not_found(house: House, method: str, whose: str) -> None:
    call_id = await house.started(tenant="other") if whose == "other" else new_id()
    refusal = await _refused(house, method, STEERINGS[method](call_id), house.token())
    assert refusal == (grpc.StatusCode.NOT_FOUND, "CALL_NOT_FOUND")


@pytest.mark.parametrize("method", STEERINGS)
async def test_steering_needs_its_scope(house: House, method: str) -> None:
    request = STEERINGS[method](await house.started())
    token = house.token(scopes=[scope for scope in ALL_SCOPES if scope != "calls:steer"])
    refusal = await _refused(house, method, request, token)
    assert refusal == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


@pytest.mark.parametrize("method", ["HoldLeg", "RetrieveLeg"])
async def test_a_leg_that_is_not_there_is_not_found(house: House, method: str) -> None:
    request = STEERINGS[method](await house.started())
    request.leg_id = "leg-77"
    assert await _refused(house, method, request, house.token()) == (grpc.StatusCode.NOT_FOUND, "LEG_NOT_FOUND")


@pytest.mark.parametrize("method", [name for name in STEERINGS if name != "EndCall"])
async def test_a_call_that_is_over_cannot_be_steered(house: House, method: str) -> None:
    call_id = await house.started()
    async with house.calls(house.token()) as stub:
        await stub.EndCall(STEERINGS["EndCall"](call_id))
        await stub.EndCall(STEERINGS["EndCall"](call_id))
    refusal = await _refused(house, method, STEERINGS[method](call_id), house.token())
    assert refusal == (grpc.StatusCode.FAILED_PRECONDITION, "CALL_OVER")


async def test_the_wrong_phase_is_told_with_its_reason(house: House) -> None:
    request = STEERINGS["EscalateCall"](await house.started())
    house.control.refusal = WrongStateError("WRONG_PHASE", "the call is not in a phase that allows this")
    refusal = await _refused(house, "EscalateCall", request, house.token())
    assert refusal == (grpc.StatusCode.FAILED_PRECONDITION, "WRONG_PHASE")


async def test_a_steering_request_id_that_is_reused_changes_nothing(house: House) -> None:
    call_id = await house.started()
    hold = STEERINGS["HoldLeg"](call_id)
    async with house.calls(house.token()) as stub:
        await stub.HoldLeg(hold)
    end = pb.EndCallRequest(request_id=hold.request_id, call_id=call_id, reason="OPERATOR")
    refusal = await _refused(house, "EndCall", end, house.token())
    assert refusal == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("method", "request_", "reason"),
    [
        ("EscalateCall", pb.EscalateCallRequest(), "REASON_MISSING"),
        ("EndCall", pb.EndCallRequest(reason="because he said so"), "REASON_INVALID"),
        ("SetRecording", pb.SetRecordingRequest(), "STATE_MISSING"),
        ("TransferCall", pb.TransferCallRequest(), "TARGET_MISSING"),
        ("StepTransfer", pb.StepTransferRequest(), "STEP_MISSING"),
    ],
)
async def test_bad_arguments_steer_nothing(house: House, method: str, request_: Any, reason: str) -> None:
    request_.request_id, request_.call_id = new_id(), await house.started()
    refusal = await _refused(house, method, request_, house.token())
    assert refusal == (grpc.StatusCode.INVALID_ARGUMENT, reason)


async def test_a_call_that_was_opened_and_never_began_is_not_taken_for_ended(house: House) -> None:
    house.control.away = True
    request = start_request()
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.StartCall(request)
        [head] = (await house.ledger.list_streams("call")).streams
        house.control.away = False
        end = STEERINGS["EndCall"](head.stream.id)
    assert await _refused(house, "EndCall", end, house.token()) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "CALL_NOT_STARTED",
    )


async def test_an_ended_call_that_the_engine_has_forgotten_may_be_ended(house: House) -> None:
    opened = await house.ledger.open_call(tenant="clinic", request_id="r", args_digest=bytes(32), vertical="v")
    await house.decide(opened.call_id, decisions_pb2.CallCompleted())
    async with house.calls(house.token()) as stub:
        await stub.EndCall(STEERINGS["EndCall"](opened.call_id))


@pytest.mark.parametrize("method", ["EndCall", "SetRecording"])
async def test_hang_up_and_pause_work_while_the_ledger_is_away(house: House, method: str) -> None:
    request = STEERINGS[method](await house.started())
    house.ledger.away = True
    async with house.calls(house.token()) as stub:
        await getattr(stub, method)(request)
    assert house.control.changes == 2
    async with house.calls(house.token(tenant="other")) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub, method)(request)
    assert reason_of(refused.value) == "CALL_NOT_FOUND"


async def test_other_steering_waits_for_the_ledger(house: House) -> None:
    request = STEERINGS["EscalateCall"](await house.started())
    house.ledger.away = True
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.EscalateCall(request)
    assert reason_of(refused.value) == "LEDGER_AWAY"


def _tokens(house: House) -> dict[str, str]:
    return {
        "nonsense": "nonsense",
        "expired": house.token(ttl=timedelta(seconds=-10)),
        "without the scope": house.token(scopes=()),
        "without a tenant": house.token(tenant=""),
    }


@pytest.mark.parametrize("method", ["StartCall", "GetCall", "ListCalls", "WatchCall", "EndCall", "AddLeg"])
@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("nonsense", "TOKEN_INVALID"),
        ("expired", "TOKEN_EXPIRED"),
        ("without the scope", "SCOPE_MISSING"),
        ("without a tenant", "TENANT_MISMATCH"),
    ],
)
async def test_a_bad_token_opens_no_method(house: House, method: str, which: str, reason: str) -> None:
    request = getattr(pb, f"{method}Request")()
    async with house.calls(_tokens(house)[which]) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            if method == "WatchCall":
                await stub.WatchCall(request).read()
            else:
                await getattr(stub, method)(request)
    assert reason_of(refused.value) == reason
    assert (await house.events(), house.control.changes) == (0, 0)


@pytest.mark.parametrize(
    ("role", "scopes", "asked", "reason"),
    [
        ("app", ("calls:supervise",), leg_pb2.LEG_ROLE_SUPERVISOR, None),
        ("app", ("calls:supervise",), leg_pb2.LEG_ROLE_CALLER, "ROLE_FORBIDDEN"),
        ("app", ("legs:add",), leg_pb2.LEG_ROLE_SUPERVISOR, "ROLE_FORBIDDEN"),
        ("app", ("legs:add",), leg_pb2.LEG_ROLE_CALLER, None),
        ("agent", ("calls:supervise",), leg_pb2.LEG_ROLE_COPILOT, None),
        ("agent", (), leg_pb2.LEG_ROLE_UNSPECIFIED, "NOT_OFFERED"),
        ("agent", ("legs:add",), leg_pb2.LEG_ROLE_UNSPECIFIED, "NOT_OFFERED"),
        ("agent", ("legs:add",), leg_pb2.LEG_ROLE_SUPERVISOR, "ROLE_FORBIDDEN"),
        ("app", ("legs:add",), leg_pb2.LEG_ROLE_HUMAN_AGENT, "ROLE_FORBIDDEN"),
        ("agent", ("legs:add",), leg_pb2.LEG_ROLE_AI_AGENT, "ROLE_FORBIDDEN"),
        ("app", (), leg_pb2.LEG_ROLE_CALLER, "SCOPE_MISSING"),
    ],
)
async def test_who_may_add_which_leg(
    house: House, role: str, scopes: tuple[str, ...], asked: leg_pb2.LegRole.ValueType, reason: str | None
) -> None:
    call_id = await house.started()
    request = pb.AddLegRequest(request_id=new_id(), call_id=call_id, sdp_offer=start_request().sdp_offer, role=asked)
    token = house.token(role, scopes)
    if reason is not None:
        assert await _refused(house, "AddLeg", request, token) == (grpc.StatusCode.PERMISSION_DENIED, reason)
        return
    async with house.calls(token) as stub:
        assert (await stub.AddLeg(request)).leg_id == "leg-2"
