"""A line: where a party waits to be called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from event_client import WAIT, EventClient, listening
from gateway_house import House, new_id, reason_of, start_request
from google.protobuf.message import Message

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyCalled, PartyDeclined
from cordboard.core.event_message import unpack
from cordboard.runtime.ledger_client import call_stream

LINE = "ada"


def token_of(house: House, line: str = LINE, tenant: str = "clinic", scope: str = "calls:wait") -> str:
    return house.issuer.mint(role="caller", tenant=tenant, subject=line, scopes=[scope])


@asynccontextmanager
async def line(house: House, name: str = LINE, tenant: str = "clinic") -> AsyncIterator[EventClient]:
    async with listening(house, "/v1/line", token_of(house, name, tenant)) as client:
        assert (await client.frame())["type"] == "hello"
        yield client


async def place(house: House, target: str = LINE) -> str:
    """An app has a call placed, and its workflow begins it."""
    request = start_request(direction=call_pb2.DIRECTION_OUTBOUND, target=target)
    request.ClearField("sdp_offer")
    async with house.calls(house.token()) as stub:
        call_id = str((await stub.StartCall(request)).call_id)
    begun = decisions.CallOriginated(call_id=call_id, tenant="clinic", vertical="healthcare", target=target)
    await house.decide(call_id, begun, PartyCalled(target=target, vertical="healthcare"))
    return call_id


async def said(house: House, call_id: str, kind: type[Message]) -> Message:
    """Wait for what the door says on the call's record."""
    async with asyncio.timeout(WAIT):
        async for batch in house.ledger.subscribe(stream=call_stream(call_id)):
            for envelope in batch.events:
                fact = unpack(envelope)
                if isinstance(fact, kind):
                    return fact
    raise AssertionError


async def pick_up(house: House, call_id: str, token: str) -> int:
    status, _, _ = await house.post(f"/v1/calls/{call_id}/legs", token, Idempotency_Key=new_id())
    return status


async def test_a_call_that_is_placed_rings_at_its_line_and_nowhere_else(house: House) -> None:
    async with line(house) as ada, line(house, "bob") as bob, line(house, tenant="other") as other:
        call_id = await place(house)
        assert await ada.frame() == {"type": "offer", "call_id": call_id, "vertical": "healthcare"}
        await said(house, call_id, PartyAlerted)
        second = await place(house, "bob")
        assert (await bob.frame())["call_id"] == second
        await other.socket.close()


async def test_one_who_comes_to_the_line_while_it_rings_hears_it(house: House) -> None:
    async with line(house, "bob") as bob:
        call_id = await place(house)
        await place(house, "bob")
        await bob.frame()
        async with line(house) as ada:
            assert (await ada.frame())["call_id"] == call_id


async def test_whoever_has_a_call_placed_makes_no_offer(house: House) -> None:
    async with house.calls(house.token()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.StartCall(start_request(direction=call_pb2.DIRECTION_OUTBOUND, target=LINE))
    assert reason_of(refused.value) == "OFFER_UNWANTED"


async def test_the_party_picks_up_with_the_token_of_the_line(house: House) -> None:
    call_id = await place(house)
    assert await pick_up(house, call_id, token_of(house)) == 201


@pytest.mark.parametrize("who", ["another line", "a token that waits nowhere", "another tenant"])
async def test_nobody_else_picks_up(house: House, who: str) -> None:
    call_id = await place(house)
    tokens = {
        "another line": (token_of(house, "bob"), 403),
        "a token that waits nowhere": (token_of(house, scope="calls:start"), 403),
        "another tenant": (token_of(house, tenant="other"), 404),
    }
    token, status = tokens[who]
    assert await pick_up(house, call_id, token) == status


async def test_a_call_that_came_in_is_picked_up_by_nobody_at_a_line(house: House) -> None:
    assert await pick_up(house, await house.started(), token_of(house)) == 403


@pytest.mark.parametrize("reason", ["BUSY", "DECLINED"])
async def test_a_call_that_is_declined_is_on_record_with_its_reason(house: House, reason: str) -> None:
    async with line(house) as ada:
        call_id = await place(house)
        await ada.frame()
        assert (await ada.command("decline", call_id=call_id, reason=reason))["ok"]
        assert await said(house, call_id, PartyDeclined) == PartyDeclined(reason=reason)


async def test_what_cannot_be_declined_is_refused(house: House) -> None:
    async with line(house) as ada:
        call_id = await place(house)
        await ada.frame()
        for fields, reason in (
            ({"call_id": new_id()}, "OFFER_OVER"),
            ({"call_id": call_id, "reason": "LATER"}, "REASON_INVALID"),
            ({}, "COMMAND_INVALID"),
        ):
            assert (await ada.command("decline", **fields))["reason"] == reason
        assert (await ada.command("answer"))["reason"] == "COMMAND_UNKNOWN"


async def test_the_line_is_told_when_it_rings_no_more(house: House) -> None:
    async with line(house) as ada:
        call_id = await place(house)
        await ada.frame()
        await house.decide(call_id, decisions.CallCancelled(by="engine", reason="NO_ANSWER"), first=3)
        assert await ada.frame() == {"type": "over", "call_id": call_id, "reason": "NO_ANSWER"}


async def test_only_a_token_that_names_a_line_waits(house: House) -> None:
    app = house.token("app", ["calls:wait"])
    for token in (token_of(house, scope="calls:start"), app, house.token()):
        async with listening(house, "/v1/line", token) as client:
            assert (await client.closed())[0] == 4403
