"""Calls of the agency on a real Temporal server: registered at the door, run by the agency's own worker process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from call_steps import VOICE, assert_nothing_left, attach, connect, consent, detach, end_talk
from gateway_house import OFFER, QUICK, reason_of
from temporal import TENANT, House, PlacedCall, open_house
from temporalio.testing import WorkflowEnvironment

from cordboard.call.v1.call_pb2 import (
    DIRECTION_INBOUND,
    PHASE_AI_ENGAGED,
    PHASE_COMPLETED,
    PHASE_QUEUED,
    TALK_OUTCOME_WANTS_HUMAN,
    TalkOutcome,
)
from cordboard.call.v1.call_service_pb2 import StartCallRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.call.v1.decisions_pb2 import ToolCallSettled
from cordboard.call.v1.facts_pb2 import ConversationEnded, SlotsFilled, ToolCallRequested
from cordboard.cli.registration_file import read_registration
from cordboard.gateway.gateway import Gateway, Neighbours
from cordboard.gateway.task_queues import TemporalTaskQueues
from cordboard.gateway.temporal_call_control import TemporalCallControl
from cordboard.registry.v1.workflow_registry_service_pb2 import RegisterWorkflowRequest
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceStub
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer, create_keys
from cordboard.runtime.ledger_client import EventProducer
from cordboard.workflows.vertical_pack import installed_packs
from lakeside_homes.pack import BOOK_VIEWING, FIND_VIEWING, PACK

REGISTRATION = Path(__file__).parents[2] / "examples" / "real_estate" / "registration.json"


@dataclass
class Agency:
    """The engine around the agency, and the tokens that the agency has."""

    house: House
    gateway: Gateway
    issuer: UserTokenIssuer
    directory: Path

    def token(self, *scopes: str) -> str:
        """Mint a token of the agency's app."""
        return self.issuer.mint(
            role="app", tenant=TENANT, scopes=scopes, subject="lakeside-homes", ttl=timedelta(minutes=5)
        )

    async def register(self) -> None:
        """Register the agency's workflow."""
        request = RegisterWorkflowRequest(request_id=str(uuid4()), entry=read_registration(REGISTRATION))
        async with open_user_channel(self.gateway.grpc_address, self.token("workflows:register")) as channel:
            await WorkflowRegistryServiceStub(channel).RegisterWorkflow(request)

    async def call(self, given: str) -> PlacedCall:
        """Start a call by the workflow's name, as the agency's app does."""
        request = StartCallRequest(
            request_id=str(uuid4()),
            vertical="real_estate",
            workflow="viewing",
            direction=DIRECTION_INBOUND,
            sdp_offer=OFFER,
            input=given,
        )
        async with open_user_channel(self.gateway.grpc_address, self.token("calls:start")) as channel:
            started = await CallServiceStub(channel).StartCall(request)
        call = self.house.placed(started.call_id, started.leg_id)
        await connect(call)
        await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
        await attach(call)
        return call

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Run the agency's own worker process."""
        token_file = self.directory / "token"
        token_file.write_text(self.token("scripts:run"))
        environment = os.environ | {
            "LAKESIDE_TEMPORAL": self.house.client.service_client.config.target_host,
            "LAKESIDE_GATEWAY": self.gateway.grpc_address,
            "LAKESIDE_TOKEN_FILE": str(token_file),
            "LAKESIDE_NAMESPACE": self.house.client.namespace,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lakeside_homes.worker", env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                assert await process.stdout.readline() == b"ready\n"
            queues = TemporalTaskQueues(self.house.client)
            async with asyncio.timeout(20):
                while not await queues.is_served("lakeside-homes"):
                    await asyncio.sleep(0.05)
            yield
        finally:
            process.terminate()
            await process.wait()


@pytest.fixture
async def agency(real_time_server: WorkflowEnvironment, postgres_url: str, tmp_path: Path) -> AsyncIterator[Agency]:
    """The engine with the agency's pack installed, and a real gateway before it."""
    create_keys(tmp_path)
    async with (
        PACK.open_tools(postgres_url) as tools,
        open_house(real_time_server, *tools.values(), packs={PACK.name: PACK}) as house,
        EventProducer(house.ledger, "gateway/gateway-1/b1", tmp_path / "spool") as producer,
    ):
        neighbours = Neighbours(
            ledger=house.ledger,
            control=TemporalCallControl(house.client),
            producer=producer,
            queues=TemporalTaskQueues(house.client),
            keys=house.keys,
            packs=installed_packs,
        )
        gateway = Gateway(QUICK, TokenVerifier.load(tmp_path), neighbours)
        await gateway.start()
        try:
            yield Agency(house, gateway, UserTokenIssuer.load(tmp_path), tmp_path)
        finally:
            await gateway.stop()


async def ask_tool(call: PlacedCall, number: int, tool: str, /, **arguments: str) -> dict[str, str]:
    """The AI agent asks for a tool; give what it gets."""
    await call.fact(
        ToolCallRequested(tool_call_id=f"t/{number}/1", turn_id=str(number), name=tool, arguments=arguments), VOICE
    )
    await call.until(lambda view: len([one for one in view.tool_calls if one.outcome == "ok"]) == number)
    settled = [event for event in await call.events() if isinstance(event, ToolCallSettled)]
    return dict(settled[-1].result)


async def talked(call: PlacedCall, outcome: TalkOutcome.ValueType) -> None:
    """The talk is over."""
    await call.fact(ConversationEnded(outcome=outcome, summary="Looks for a flat."), VOICE)
    await detach(call)


async def test_a_viewing_is_booked_by_the_agencys_own_workflow(agency: Agency) -> None:
    async with agency.worker():
        await agency.register()
        call = await agency.call('{"deal": "buy"}')
        await consent(call)
        slots = SlotsFilled()
        slots.slots.name = "Ann Poe"
        slots.slots.extra["area"] = "lake"
        await call.fact(slots, VOICE)
        found = await ask_tool(call, 1, FIND_VIEWING, area="lake")
        booked = await ask_tool(
            call, 2, BOOK_VIEWING, slot_id=found["slot_1_id"], name="Ann Poe", callback_number="5550100"
        )
        assert booked["starts_at"] == found["slot_1_starts_at"]
        await end_talk(call)
        await detach(call)
        result = await call.handle.result()
    assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "VIEWING_BOOKED")
    view = await call.view()
    assert (view.workflow, view.workflow_version, view.script_reason) == ("viewing", "1", "")
    await assert_nothing_left(call)


async def test_who_wants_a_person_reaches_the_desk_that_the_input_names(agency: Agency) -> None:
    async with agency.worker():
        await agency.register()
        call = await agency.call('{"deal": "rent"}')
        await consent(call, given=False)
        await talked(call, TALK_OUTCOME_WANTS_HUMAN)
        view = await call.until(lambda view: view.phase == PHASE_QUEUED)
        assert view.queue == "rentals"
        await call.handle.cancel()
        await call.handle.result()


async def test_without_its_worker_the_workflow_is_not_registered(agency: Agency) -> None:
    entry = read_registration(REGISTRATION)
    entry.task_queue = "lakeside-homes-elsewhere"
    request = RegisterWorkflowRequest(request_id=str(uuid4()), entry=entry)
    async with open_user_channel(agency.gateway.grpc_address, agency.token("workflows:register")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await WorkflowRegistryServiceStub(channel).RegisterWorkflow(request)
    assert reason_of(refused.value) == "UNKNOWN_QUEUE"


async def test_an_input_that_does_not_fit_starts_no_call(agency: Agency) -> None:
    async with agency.worker():
        await agency.register()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await agency.call('{"deal": "steal"}')
    assert reason_of(refused.value) == "INPUT_INVALID"
