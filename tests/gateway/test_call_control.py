"""What every control of calls promises, tried on Temporal and on its twin."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from gateway_house import OFFER, TENANT, VERTICAL, new_id
from scripted_call import NEVER, REFUSED_VERTICAL, ScriptedCall
from temporal_server import connect, connect_lazily, temporal_server
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1.transfer_pb2 import TRANSFER_STEP_CANCEL, TRANSFER_STEP_COMPLETE
from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    WrongStateError,
)
from cordboard.gateway.call_control import CallControl, Party
from cordboard.gateway.memory_call_control import MemoryCallControl
from cordboard.gateway.temporal_call_control import Patience, TemporalCallControl
from cordboard.media.v1 import leg_pb2
from cordboard.workflows import names
from cordboard.workflows.data_converter import data_converter

PARTY = Party(tenant=TENANT, actor="app/desk")


class FixedKeys:
    """Gives every call the same key, unless the ledger is away."""

    def __init__(self) -> None:
        self.away = False

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        if self.away:
            raise UnavailableError("PEER_AWAY", "gone")
        return b"k" * 32


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    with temporal_server() as address:
        yield address


@pytest.fixture
def keys() -> FixedKeys:
    return FixedKeys()


@pytest.fixture
async def client(temporal: str, keys: FixedKeys) -> Client:
    return await connect(temporal, data_converter(keys))


def _worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=names.CALLS_QUEUE,
        workflows=[ScriptedCall],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


@pytest.fixture(params=["memory", "temporal"])
async def control(request: pytest.FixtureRequest) -> AsyncIterator[CallControl]:
    if request.param == "memory":
        yield MemoryCallControl()
        return
    client = await connect(request.getfixturevalue("temporal"), data_converter(FixedKeys()))
    async with _worker(client):
        yield TemporalCallControl(client)


def _start(**changes: Any) -> pb.StartCallRequest:
    request = pb.StartCallRequest(
        request_id=new_id(), vertical=VERTICAL, direction=call_pb2.DIRECTION_INBOUND, sdp_offer=OFFER
    )
    request.MergeFrom(pb.StartCallRequest(**changes))
    return request


async def _started(control: CallControl) -> str:
    call_id = new_id()
    await control.start(call_id, PARTY, _start())
    return call_id


def _hold(call_id: str, leg_id: str = "leg-1") -> pb.HoldLegRequest:
    return pb.HoldLegRequest(request_id=new_id(), call_id=call_id, leg_id=leg_id)


def _end(call_id: str) -> pb.EndCallRequest:
    return pb.EndCallRequest(request_id=new_id(), call_id=call_id, reason="OPERATOR")


async def test_a_start_gets_the_callers_leg_and_its_repeat_the_same(control: CallControl) -> None:
    call_id, request = new_id(), _start()
    first = await control.start(call_id, PARTY, request)
    assert (first.call_id, first.leg_id) == (call_id, "leg-1")
    assert first.sdp_answer.startswith("v=0")
    assert await control.start(call_id, PARTY, request) == first


async def test_starts_at_the_same_time_are_one(control: CallControl) -> None:
    call_id, request = new_id(), _start()
    answers = await asyncio.gather(*(control.start(call_id, PARTY, request) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)


async def test_a_start_gets_its_answer_after_the_call_is_over(control: CallControl) -> None:
    call_id, request = new_id(), _start()
    first = await control.start(call_id, PARTY, request)
    await control.steer(PARTY, _end(call_id))
    assert await control.start(call_id, PARTY, request) == first
    assert await control.answer_of(call_id, request.request_id) == first


async def test_an_answer_that_is_not_known_is_a_call_that_is_over(control: CallControl) -> None:
    with pytest.raises(WrongStateError) as refused:
        await control.answer_of(new_id(), new_id())
    assert refused.value.reason == "CALL_OVER"


async def test_what_the_workflow_refuses_keeps_its_kind_and_reason(control: CallControl) -> None:
    if isinstance(control, MemoryCallControl):
        control.refusal = InvalidError("BAD_SDP", "no common codec")
    with pytest.raises(InvalidError) as refused:
        await control.start(new_id(), PARTY, _start(vertical=REFUSED_VERTICAL))
    assert refused.value.reason == "BAD_SDP"


async def test_a_steering_request_is_taken_once(control: CallControl) -> None:
    call_id = await _started(control)
    request = pb.RemoveLegRequest(request_id=new_id(), call_id=call_id, leg_id="leg-1", reason="CLIENT_CLOSED")
    await control.steer(PARTY, request)
    await control.steer(PARTY, request)
    with pytest.raises(NotFoundError) as refused:
        await control.steer(PARTY, _hold(call_id))
    assert refused.value.reason == "LEG_NOT_FOUND"


async def test_a_request_id_is_not_taken_for_other_arguments(control: CallControl) -> None:
    call_id = await _started(control)
    add = pb.AddLegRequest(request_id=new_id(), call_id=call_id, sdp_offer=OFFER)
    await control.add_leg(PARTY, leg_pb2.LEG_ROLE_HUMAN_AGENT, add)
    hold = _hold(call_id)
    await control.steer(PARTY, hold)
    hold.leg_id = "leg-2"
    end = _end(call_id)
    end.request_id = hold.request_id
    for request in (hold, end):
        with pytest.raises(ConflictError) as refused:
            await control.steer(PARTY, request)
        assert refused.value.reason == "REQUEST_ID_REUSED"
    await control.steer(PARTY, _hold(call_id))


async def test_a_leg_is_added_once_for_each_request(control: CallControl) -> None:
    call_id = await _started(control)
    request = pb.AddLegRequest(request_id=new_id(), call_id=call_id, sdp_offer=OFFER)
    first = await control.add_leg(PARTY, leg_pb2.LEG_ROLE_HUMAN_AGENT, request)
    again = await control.add_leg(PARTY, leg_pb2.LEG_ROLE_HUMAN_AGENT, request)
    assert (first.leg_id, again) == ("leg-2", first)


async def test_a_call_that_is_over_can_be_ended_and_nothing_else(control: CallControl) -> None:
    call_id = await _started(control)
    await control.steer(PARTY, _end(call_id))
    await control.steer(PARTY, _end(call_id))
    for refused_request in (_hold(call_id), pb.EscalateCallRequest(request_id=new_id(), call_id=call_id, reason="APP")):
        with pytest.raises(WrongStateError) as refused:
            await control.steer(PARTY, refused_request)
        assert refused.value.reason == "CALL_OVER"
    with pytest.raises(WrongStateError):
        await control.add_leg(
            PARTY,
            leg_pb2.LEG_ROLE_HUMAN_AGENT,
            pb.AddLegRequest(request_id=new_id(), call_id=call_id, sdp_offer=OFFER),
        )


async def test_what_never_began_cannot_be_ended(control: CallControl) -> None:
    with pytest.raises(NotFoundError) as refused:
        await control.steer(PARTY, _end(new_id()))
    assert refused.value.reason == "CALL_NOT_FOUND"


async def test_the_tenant_of_a_call_is_known_without_the_ledger(control: CallControl) -> None:
    assert await control.tenant_of(await _started(control)) == TENANT
    with pytest.raises(NotFoundError) as refused:
        await control.tenant_of(new_id())
    assert refused.value.reason == "CALL_NOT_FOUND"


async def test_a_transfer_and_its_steps_are_steered(control: CallControl) -> None:
    call_id = await _started(control)
    await control.steer(PARTY, pb.TransferCallRequest(request_id=new_id(), call_id=call_id, queue="desk"))
    step = pb.StepTransferRequest(request_id=new_id(), call_id=call_id, step=TRANSFER_STEP_COMPLETE)
    await control.steer(PARTY, step)
    step.step = TRANSFER_STEP_CANCEL
    with pytest.raises(ConflictError):
        await control.steer(PARTY, step)


async def test_a_control_that_can_be_reached_answers_a_ping(control: CallControl) -> None:
    await control.ping()


async def test_a_start_that_no_worker_took_up_is_joined_by_its_repeat(client: Client) -> None:
    control = TemporalCallControl(client, Patience.of(attempt=0.3, total=0.5))
    call_id, request = new_id(), _start()
    with pytest.raises(UnavailableError) as away:
        await control.start(call_id, PARTY, request)
    assert away.value.reason == "WORKERS_AWAY"
    async with _worker(client):
        answer = await TemporalCallControl(client).start(call_id, PARTY, request)
        assert answer.leg_id == "leg-1"
        changes = await client.get_workflow_handle(names.workflow_id(call_id)).query("changes", result_type=int)
    assert changes == 1


async def test_a_start_that_is_given_up_by_its_asker_is_given_up_at_once(client: Client) -> None:
    control = TemporalCallControl(client, Patience.of(attempt=0.2, total=60))
    asking = asyncio.create_task(control.start(new_id(), PARTY, _start()))
    done, _ = await asyncio.wait([asking], timeout=0.5)
    assert not done
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 20)


async def test_a_request_that_the_end_of_its_call_cuts_off_is_told_so(client: Client) -> None:
    async with _worker(client):
        control = TemporalCallControl(client, Patience.of(attempt=20, total=20))
        call_id = await _started(control)
        request = pb.EscalateCallRequest(request_id=new_id(), call_id=call_id, reason=NEVER)
        escalating = asyncio.create_task(control.steer(PARTY, request))
        done, _ = await asyncio.wait([escalating], timeout=0.5)
        assert not done
        await control.steer(PARTY, _end(call_id))
        with pytest.raises(WrongStateError) as refused:
            await asyncio.wait_for(escalating, 20)
    assert refused.value.reason == "CALL_OVER"


async def test_a_ledger_that_gives_no_key_is_named(client: Client, keys: FixedKeys) -> None:
    keys.away = True
    await _fails(TemporalCallControl(client), "LEDGER_AWAY")


async def test_a_temporal_that_is_away_is_named(keys: FixedKeys) -> None:
    client = await connect_lazily("127.0.0.1:1", data_converter(keys))
    control = TemporalCallControl(client)
    await _fails(control, "TEMPORAL_AWAY")
    with pytest.raises(UnavailableError) as away:
        await control.ping()
    assert away.value.reason == "TEMPORAL_AWAY"


async def _fails(control: CallControl, reason: str) -> None:
    with pytest.raises(CordboardError) as away:
        await control.start(new_id(), PARTY, _start())
    assert away.value.reason == reason
