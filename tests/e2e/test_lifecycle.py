"""Calls that are placed, handed on and given back, on the whole of it; nobody has to speak."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio

from cordboard.call.v1.call_pb2 import (
    DIRECTION_OUTBOUND,
    PHASE_AGENT_CONNECTED,
    PHASE_AI_ENGAGED,
    PHASE_CANCELLED,
    PHASE_COMPLETED,
    CallView,
)
from cordboard.call.v1.call_service_pb2 import EscalateCallRequest, GetCallRequest, StartCallRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.demo.demo_call import TENANT
from cordboard.cli.demo.desk import Desk
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.sound import AUDIBLE_DBOV
from cordboard.cli.page_addresses import hand_over_skills
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.core.errors import CordboardError
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.identity import UserTokenIssuer

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="session")]

VERTICAL = "healthcare"
WAIT_S = 45.0


@dataclass(slots=True)
class Exchange:
    """A running stack, and an app that looks at its calls and steers them."""

    stack: Stack
    calls: "CallServiceAsyncStub"

    def token(self, role: str, *scopes: str, subject: str = "", skills: list[str] | None = None) -> str:
        """Mint a token."""
        issuer = UserTokenIssuer.load(self.stack.directory.keys)
        vertical = "" if role == "agent" else VERTICAL
        return issuer.mint(
            role=role, tenant=TENANT, vertical=vertical, scopes=scopes, subject=subject, skills=skills or []
        )

    async def until(self, call_id: str, condition: Callable[[CallView], bool]) -> CallView:
        """Wait until a call stands as `condition` asks."""
        async with asyncio.timeout(WAIT_S):
            while True:
                view = (await self.calls.GetCall(GetCallRequest(call_id=call_id))).call
                if condition(view):
                    return view
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def phone(self, token: str, path: str = "/v1/legs") -> AsyncIterator[Phone]:
        """Somebody's connection, silent, which is let go of in the end."""
        phone = Phone(self.stack.gateway_http, token, time.monotonic, path=path)
        try:
            yield phone
        finally:
            await phone.close()


@dataclass(slots=True)
class Agent:
    """A human agent at a desk."""

    exchange: Exchange
    name: str
    token: str
    desk: Desk

    async def rung(self, call_id: str) -> int:
        """Wait until the call rings here, and give its reservation."""
        alerted = await self.desk.event("AgentAlerted", lambda one: _is_for(one, call_id, self.name), within=WAIT_S)
        return int(alerted["event"]["event"]["reservationEpoch"])

    @asynccontextmanager
    async def taking(self, call_id: str) -> AsyncIterator[None]:
        """Take the call that rings, and be connected."""
        epoch = await self.rung(call_id)
        await self.desk.send("answer_offer", call_id=call_id, reservation_epoch=epoch, accepted=True)
        async with self.exchange.phone(self.token, f"/v1/calls/{call_id}/legs") as phone:
            await phone.call()
            await self.desk.event("AgentConnected", lambda one: _is_for(one, call_id, self.name), within=WAIT_S)
            yield


def _is_for(envelope: dict[str, Any], call_id: str, agent: str) -> bool:
    event = envelope["event"]
    return bool(event["stream"]["id"] == call_id and event["event"]["agentId"] == agent)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    folder = tmp_path_factory.mktemp("lifecycle") / "home"
    async with Stack(folder) as stack:
        token = UserTokenIssuer.load(stack.directory.keys).mint(
            role="app",
            tenant=TENANT,
            vertical=VERTICAL,
            scopes=("calls:start", "calls:read", "calls:steer", "phi"),
        )
        async with open_user_channel(stack.gateway_grpc, token) as channel:
            yield Exchange(stack, CallServiceStub(channel))
    destroy(folder)


@asynccontextmanager
async def ready(exchange: Exchange, name: str) -> AsyncIterator[Agent]:
    """An agent who is ready for calls, and then not any more."""
    token = exchange.token("agent", subject=name, skills=hand_over_skills())
    async with Desk(exchange.stack.gateway_http, token) as desk:
        await desk.send("set_state", state="READY")
        yield Agent(exchange, name, token, desk)


async def talking(exchange: Exchange, phone: Phone) -> str:
    """A caller who has an AI agent, for whom the app then asks for a human."""
    answered = await phone.call()
    await exchange.until(answered.call_id, lambda view: view.phase == PHASE_AI_ENGAGED)
    await exchange.calls.EscalateCall(
        EscalateCallRequest(request_id=str(uuid.uuid4()), call_id=answered.call_id, reason="OPERATOR")
    )
    return answered.call_id


async def test_a_caller_who_hangs_up_while_another_agent_is_rung_leaves_nobody_in_an_empty_room(
    exchange: Exchange,
) -> None:
    async with exchange.phone(exchange.token("caller", "calls:start")) as phone, ready(exchange, "ann") as ann:
        call_id = await talking(exchange, phone)
        async with ann.taking(call_id), ready(exchange, "bob") as bob:
            await ann.desk.send("transfer", call_id=call_id, agent_id="bob")
            epoch = await bob.rung(call_id)
            await phone.hang_up()
            view = await exchange.until(call_id, lambda view: view.phase == PHASE_COMPLETED)
            assert view.end_reason == "CALLER_HUNG_UP"
            with pytest.raises(CordboardError):
                await bob.desk.send("answer_offer", call_id=call_id, reservation_epoch=epoch, accepted=True)
            async with exchange.phone(bob.token, f"/v1/calls/{call_id}/legs") as late:
                with pytest.raises(CordboardError):
                    await late.call()


async def test_a_caller_whom_a_human_gives_back_hears_the_ai_agent_again(exchange: Exchange) -> None:
    async with exchange.phone(exchange.token("caller", "calls:start")) as phone, ready(exchange, "eve") as eve:
        call_id = await talking(exchange, phone)
        async with eve.taking(call_id):
            await exchange.until(call_id, lambda view: view.phase == PHASE_AGENT_CONNECTED)
            before = len(phone.sound_in.frames)
            await eve.desk.send("hand_back", call_id=call_id)
            await exchange.until(call_id, lambda view: view.phase == PHASE_AI_ENGAGED)
            async with asyncio.timeout(WAIT_S):
                while not any(frame.level > AUDIBLE_DBOV for frame in phone.sound_in.frames[before:]):
                    await phone.frames.get()
        await phone.hang_up()
        view = await exchange.until(call_id, lambda view: view.phase == PHASE_COMPLETED)
        assert view.end_reason == "CALLER_HUNG_UP"


async def test_a_party_who_is_busy_ends_the_call_and_is_talked_with_when_called_again(exchange: Exchange) -> None:
    token = exchange.token("caller", "calls:wait", subject="ada")
    url = exchange.stack.gateway_http + "/v1/line"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["cordboard.events.v1", f"bearer.{token}"]) as line,
        asyncio.timeout(2 * WAIT_S),
    ):
        assert (await line.receive_json())["type"] == "hello"
        busy = await placed(exchange, line)
        decline = {"id": str(uuid.uuid4()), "command": "decline", "call_id": busy, "reason": "BUSY"}
        await line.send_json(decline)
        view = await exchange.until(busy, lambda view: view.phase == PHASE_CANCELLED)
        assert view.end_reason == "BUSY"
        called = await placed(exchange, line)
        async with exchange.phone(token, f"/v1/calls/{called}/legs") as phone:
            await phone.call()
            await exchange.until(called, lambda view: view.phase == PHASE_AI_ENGAGED)
            while (await phone.frames.get()).level <= AUDIBLE_DBOV:
                pass
            await phone.hang_up()
            view = await exchange.until(called, lambda view: view.phase == PHASE_COMPLETED)
            assert view.end_reason == "CALLER_HUNG_UP"


async def placed(exchange: Exchange, line: aiohttp.ClientWebSocketResponse) -> str:
    """An app has a call placed, and it rings at the line."""
    request = StartCallRequest(
        request_id=str(uuid.uuid4()), vertical=VERTICAL, direction=DIRECTION_OUTBOUND, target="ada"
    )
    call_id = str((await exchange.calls.StartCall(request)).call_id)
    while True:
        frame = await line.receive_json()
        if frame["type"] == "offer" and frame["call_id"] == call_id:
            return call_id
