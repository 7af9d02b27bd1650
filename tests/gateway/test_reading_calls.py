"""Calls as they stand, in pages, and as they go on."""

import asyncio
from typing import Any

import grpc
import pytest
from gateway_house import TENANT, House, new_id, reason_of

from cordboard.call.v1 import call_pb2, decisions_pb2, facts_pb2
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import call_stream

READ = ("calls:read",)


def _offered(call_id: str) -> decisions_pb2.CallOffered:
    return decisions_pb2.CallOffered(call_id=call_id, tenant=TENANT, vertical="healthcare")


def _slots() -> decisions_pb2.SlotsTaken:
    return decisions_pb2.SlotsTaken(slots=call_pb2.Slots(name="Ada Byron", urgency=call_pb2.URGENCY_SOON))


async def _with_slots(house: House) -> str:
    call_id = await house.started()
    await house.decide(call_id, _offered(call_id), decisions_pb2.CallAnswered(), _slots())
    return call_id


async def test_a_call_is_shown_as_the_fold_of_its_log(house: House) -> None:
    call_id = await _with_slots(house)
    async with house.calls(house.token()) as stub:
        call = (await stub.GetCall(pb.GetCallRequest(call_id=call_id))).call
    assert (call.call_id, call.tenant, call.vertical) == (call_id, TENANT, "healthcare")
    assert list(call.phases) == [call_pb2.PHASE_OFFERED, call_pb2.PHASE_INTAKE]
    assert (call.decisions, call.slots.name) == (3, "Ada Byron")


async def test_phi_is_shown_with_its_scope_only(house: House) -> None:
    call_id = await _with_slots(house)
    async with house.calls(house.token(scopes=READ)) as stub:
        call = (await stub.GetCall(pb.GetCallRequest(call_id=call_id))).call
        events = [message.event async for message in _watch(stub, call_id, ended=house)]
    assert (call.slots.name, call.slots.urgency) == ("", call_pb2.URGENCY_SOON)
    assert "Ada" not in str(events)


async def test_who_has_phi_shown_is_named_to_the_record(house: House) -> None:
    call_id = await _with_slots(house)
    async with house.calls(house.token(scopes=READ)) as stub:
        await stub.GetCall(pb.GetCallRequest(call_id=call_id))
    assert house.ledger.phi_readers == []
    async with house.calls(house.token("engineer", subject="eve")) as stub:
        await stub.GetCall(pb.GetCallRequest(call_id=call_id))
        assert set(house.ledger.phi_readers) == {"engineer/eve"}
    async with house.calls(house.token("app", subject="crm")) as stub:
        [message async for message in _watch(stub, call_id, ended=house)]
    assert set(house.ledger.phi_readers) == {"engineer/eve", "app/crm"}


async def test_a_call_whose_workflow_has_not_begun_is_there(house: House) -> None:
    call_id = await house.started()
    async with house.calls(house.token()) as stub:
        call = (await stub.GetCall(pb.GetCallRequest(call_id=call_id))).call
    assert (call.call_id, call.tenant, call.phase) == (call_id, TENANT, call_pb2.PHASE_UNSPECIFIED)


@pytest.mark.parametrize("method", ["GetCall", "WatchCall"])
@pytest.mark.parametrize("whose", ["other", "nobody", "nonsense", ""])
async def test_a_call_of_another_tenant_or_nobody_is_not_found(house: House, method: str, whose: str) -> None:
    call_id = {"other": await house.started(tenant="other"), "nobody": new_id()}.get(whose, whose)
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            if method == "GetCall":
                await stub.GetCall(pb.GetCallRequest(call_id=call_id))
            else:
                await stub.WatchCall(pb.WatchCallRequest(call_id=call_id)).read()
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.NOT_FOUND, "CALL_NOT_FOUND")


async def test_the_tenants_calls_come_in_pages_newest_first(house: House) -> None:
    mine = [await house.started() for _ in range(5)]
    await house.started(tenant="other")
    found: list[str] = []
    token = ""
    async with house.calls(house.token(scopes=READ)) as stub:
        for size in (2, 2, 1):
            page = await stub.ListCalls(pb.ListCallsRequest(page_size=2, page_token=token))
            assert len(page.calls) == size
            found += [call.call_id for call in page.calls]
            token = page.next_page_token
    assert token == ""
    assert found == sorted(mine, reverse=True)


async def test_a_page_token_that_was_never_given_out_is_refused(house: House) -> None:
    async with house.calls(house.token(scopes=READ)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ListCalls(pb.ListCallsRequest(page_token="\0; drop table"))
    assert reason_of(refused.value) == "PAGE_TOKEN_INVALID"


async def test_lists_hold_no_phi_whatever_the_scope(house: House) -> None:
    await _with_slots(house)
    async with house.calls(house.token()) as stub:
        [call] = (await stub.ListCalls(pb.ListCallsRequest())).calls
    assert (call.decisions, call.slots.name) == (3, "")


def _watch(stub: Any, call_id: str, after_seq: int = 0, ended: House | None = None) -> Any:
    async def events() -> Any:
        if ended is not None:
            await ended.decide(call_id, decisions_pb2.CallCompleted(), first=4)
        async for message in stub.WatchCall(pb.WatchCallRequest(call_id=call_id, after_seq=after_seq)):
            yield message

    return events()


async def test_a_watch_gives_what_is_there_then_what_comes_and_ends_with_the_call(house: House) -> None:
    call_id = await house.started()
    await house.decide(call_id, _offered(call_id))
    async with house.calls(house.token()) as stub:
        watch: Any = stub.WatchCall(pb.WatchCallRequest(call_id=call_id))
        seen = [(await watch.read()).event.seq for _ in range(2)]
        await house.decide(call_id, decisions_pb2.CallAnswered(), first=2)
        seen.append((await watch.read()).event.seq)
        await house.decide(call_id, decisions_pb2.CallCompleted(), first=3)
        seen.append((await watch.read()).event.seq)
        assert await watch.read() is grpc.aio.EOF
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize("after_seq", range(6))
async def test_a_watch_resumes_after_any_sequence_without_gap_or_repeat(house: House, after_seq: int) -> None:
    call_id = await _with_slots(house)
    async with house.calls(house.token()) as stub:
        watch = asyncio.ensure_future(_seqs(stub.WatchCall(pb.WatchCallRequest(call_id=call_id, after_seq=after_seq))))
        await house.decide(call_id, decisions_pb2.CallCompleted(), first=4)
        assert await asyncio.wait_for(watch, 20) == list(range(after_seq + 1, 6))


async def test_a_watch_of_a_call_that_is_over_ends_though_its_end_was_seen_before(house: House) -> None:
    call_id = await _with_slots(house)
    await house.decide(call_id, decisions_pb2.CallCompleted(), first=4)
    await _late_fact(house, call_id)
    async with house.calls(house.token()) as stub:
        assert await _seqs(stub.WatchCall(pb.WatchCallRequest(call_id=call_id, after_seq=5))) == [6]
        assert await _seqs(stub.WatchCall(pb.WatchCallRequest(call_id=call_id, after_seq=6))) == []


async def test_two_watchers_of_one_call_see_the_same(house: House) -> None:
    call_id = await house.started()
    async with house.calls(house.token()) as stub:
        request = pb.WatchCallRequest(call_id=call_id)
        watches = [asyncio.ensure_future(_seqs(stub.WatchCall(request))) for _ in range(2)]
        await house.decide(call_id, _offered(call_id), decisions_pb2.CallCompleted())
        assert await asyncio.wait_for(asyncio.gather(*watches), 20) == [[1, 2, 3]] * 2


async def test_a_fact_that_claims_the_end_ends_no_watch(house: House) -> None:
    call_id = await house.started()
    await _late_fact(house, call_id, decisions_pb2.CallCompleted())
    async with house.calls(house.token()) as stub:
        watch = asyncio.ensure_future(_seqs(stub.WatchCall(pb.WatchCallRequest(call_id=call_id))))
        await house.decide(call_id, _offered(call_id), decisions_pb2.CallCompleted())
        assert await asyncio.wait_for(watch, 20) == [1, 2, 3, 4]


async def _seqs(watch: Any) -> list[int]:
    return [message.event.seq async for message in watch]


async def _late_fact(house: House, call_id: str, message: Any = None) -> None:
    event = NewEvent(stream=call_stream(call_id), source="media-node/1/boot", source_seq=1)
    event.event.Pack(message or facts_pb2.LegStateChanged(leg_id="leg-1"))
    event.occurred_at.FromMilliseconds(1_700_000_000_000)
    await house.ledger.append([event])
