"""What an agent's token opens: the calls that ring the agent, while they are on them, and no other of the tenant."""

from typing import Any

import grpc
import pytest
from gateway_house import OFFER, House, new_id, reason_of
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2, decisions_pb2
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.media.v1 import leg_pb2

WIDE = ("calls:steer", "legs:add")
ALERTED = decisions_pb2.AgentAlerted(agent_id="maria", reservation_epoch=1)
JOINED = decisions_pb2.LegAdded(leg_id="leg-2", role=leg_pb2.LEG_ROLE_HUMAN_AGENT, party_id="maria")
CONNECTED = decisions_pb2.AgentConnected(agent_id="maria", leg_id="leg-2")
QUEUED = decisions_pb2.CallQueued(queue="front-desk")

METHODS: dict[str, Any] = {
    "EscalateCall": lambda call: pb.EscalateCallRequest(request_id=new_id(), call_id=call, reason="AGENT"),
    "HoldLeg": lambda call: pb.HoldLegRequest(request_id=new_id(), call_id=call, leg_id=CALLER_LEG),
    "RetrieveLeg": lambda call: pb.RetrieveLegRequest(request_id=new_id(), call_id=call, leg_id=CALLER_LEG),
    "SetRecording": lambda call: pb.SetRecordingRequest(
        request_id=new_id(), call_id=call, state=call_pb2.RECORDING_STATE_PAUSED, reason="PAYMENT"
    ),
    "EndCall": lambda call: pb.EndCallRequest(request_id=new_id(), call_id=call, reason="OPERATOR"),
}


async def _call(house: House, *decisions: Message) -> str:
    call_id = await house.started()
    begun = (decisions_pb2.CallOffered(call_id=call_id, tenant="clinic", vertical="healthcare"),)
    caller = decisions_pb2.LegAdded(leg_id=CALLER_LEG, role=leg_pb2.LEG_ROLE_CALLER)
    await house.decide(call_id, *begun, caller, *decisions)
    return call_id


async def _reason(house: House, method: str, request: Message, token: str) -> str:
    """Ask and give the reason of a refusal, which changes nothing; empty when it was done."""
    before = (await house.events(), house.control.changes)
    async with house.calls(token) as stub:
        try:
            await getattr(stub, method)(request)
        except grpc.aio.AioRpcError as refused:
            assert (await house.events(), house.control.changes) == before
            return reason_of(refused)
    assert house.control.changes == before[1] + 1
    return ""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ((), "NOT_ON_CALL"),
        ((ALERTED,), "NOT_ON_CALL"),
        ((ALERTED, JOINED, CONNECTED), ""),
        ((ALERTED, JOINED, CONNECTED, QUEUED), "NOT_ON_CALL"),
        ((decisions_pb2.AgentAlerted(agent_id="jo", reservation_epoch=1),), "NOT_ON_CALL"),
    ],
    ids=["no part in it", "rung", "on it", "on it before", "rings another"],
)
async def test_an_agent_steers_the_call_that_they_are_on_and_no_other(
    house: House, method: str, decisions: tuple[Message, ...], reason: str
) -> None:
    call_id = await _call(house, *decisions)
    token = house.token("agent", WIDE, subject="maria")
    assert await _reason(house, method, METHODS[method](call_id), token) == reason


async def test_an_agent_who_is_not_on_a_call_ends_no_leg_of_it(house: House) -> None:
    call_id = await _call(house, ALERTED)
    request = pb.RemoveLegRequest(request_id=new_id(), call_id=call_id, leg_id=CALLER_LEG)
    token = house.token("agent", WIDE, subject="maria")
    assert await _reason(house, "RemoveLeg", request, token) == "LEG_NOT_YOURS"


async def test_who_is_on_a_call_is_not_guessed_while_the_record_is_away(house: House) -> None:
    call_id = await _call(house, ALERTED, JOINED, CONNECTED)
    house.ledger.away = True
    token = house.token("agent", WIDE, subject="maria")
    async with house.calls(token) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.EndCall(METHODS["EndCall"](call_id))
    assert reason_of(refused.value) == "LEDGER_AWAY"
    assert house.control.changes == 1


@pytest.mark.parametrize(
    ("role", "scopes", "subject", "asked", "replaces", "reason"),
    [
        ("agent", (), "maria", 0, "leg-2", ""),
        ("agent", WIDE, "jo", 0, "leg-2", "LEG_NOT_YOURS"),
        ("agent", WIDE, "maria", 0, CALLER_LEG, "LEG_NOT_YOURS"),
        ("app", WIDE, "maria", leg_pb2.LEG_ROLE_CALLER, "leg-2", "LEG_NOT_YOURS"),
        ("app", WIDE, "shop", leg_pb2.LEG_ROLE_CALLER, CALLER_LEG, "LEG_NOT_YOURS"),
        ("caller", ("legs:add",), "", leg_pb2.LEG_ROLE_CALLER, CALLER_LEG, "LEG_NOT_YOURS"),
        ("app", ("calls:supervise",), "boss", leg_pb2.LEG_ROLE_SUPERVISOR, "leg-2", "LEG_NOT_YOURS"),
    ],
)
async def test_a_leg_takes_the_place_of_its_bearers_own_only(
    house: House, role: str, scopes: tuple[str, ...], subject: str, asked: Any, replaces: str, reason: str
) -> None:
    call_id = await _call(house, ALERTED, JOINED, CONNECTED)
    request = pb.AddLegRequest(
        request_id=new_id(), call_id=call_id, sdp_offer=OFFER, role=asked, replaces_leg_id=replaces
    )
    assert await _reason(house, "AddLeg", request, house.token(role, scopes, subject=subject)) == reason
