"""Routing as a whole: a desk's word on the log, a call's workflow on Temporal, the tables between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from routing_house import QUEUE, TENANT
from temporal import MemoryKeys, real_time
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ActivityError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cordboard.activities.error_interceptor import ErrorInterceptor
from cordboard.activities.routing.routing_service import PostgresRouting
from cordboard.activities.routing.routing_signals import TemporalRoutingSignals
from cordboard.activity.v1.routing_activities_pb2 import (
    RoutingCancelInput,
    RoutingConfirmInput,
    RoutingEnqueueInput,
    RoutingReleaseInput,
)
from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_READY, AGENT_STATE_WRAP_UP, AgentState, AgentStateChanged
from cordboard.call.v1.call_workflow_pb2 import AgentReservation
from cordboard.core.event_message import pack, unpack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.ledger_client import MemoryLedger, agent_stream
from cordboard.workflows import routing_stubs
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.failures import from_failure
from cordboard.workflows.names import workflow_id

SOON: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=5)}


@workflow.defn(name="WaitingCall")
class WaitingCall:
    """A call that waits for an agent, takes them, lets them go, and asks for them once more."""

    def __init__(self) -> None:
        self._reserved: list[AgentReservation] = []

    @workflow.run
    async def run(self, call_id: str) -> str:
        wait = RoutingEnqueueInput(
            call_id=call_id, tenant=TENANT, queue=QUEUE, skills=["clinical"], priority=1, ordinal=7
        )
        for _ in range(2):
            await workflow.execute_activity(routing_stubs.routing_enqueue, wait, **SOON)
        await workflow.wait_condition(lambda: bool(self._reserved))
        named: dict[str, Any] = {
            "call_id": call_id,
            "tenant": TENANT,
            "agent_id": self._reserved[0].agent_id,
            "reservation_epoch": self._reserved[0].reservation_epoch,
        }
        confirmation = RoutingConfirmInput(**named)
        await workflow.execute_activity(routing_stubs.routing_confirm, confirmation, **SOON)
        leave = RoutingReleaseInput(**named, next_state=AGENT_STATE_WRAP_UP)
        await workflow.execute_activity(routing_stubs.routing_release, leave, **SOON)
        cancel = RoutingCancelInput(call_id=call_id, tenant=TENANT, ordinal=7)
        await workflow.execute_activity(routing_stubs.routing_cancel, cancel, **SOON)
        try:
            await workflow.execute_activity(routing_stubs.routing_confirm, confirmation, **SOON)
        except ActivityError as error:
            return from_failure(error).reason
        return ""

    @workflow.signal(name=routing_stubs.SIGNAL_AGENT_RESERVED)
    def agent_reserved(self, reserved: AgentReservation) -> None:
        self._reserved.append(reserved)


@pytest.fixture
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A development server."""
    async with real_time() as environment:
        yield environment


class Engine:
    """Workers that share one database, one ledger and one Temporal."""

    def __init__(self, url: str, environment: WorkflowEnvironment) -> None:
        config = environment.client.config()
        config["data_converter"] = data_converter(MemoryKeys())
        self.client = Client(**config)
        self.ledger = MemoryLedger()
        self._url = url

    @asynccontextmanager
    async def worker(self, number: int, *, polls: bool = True) -> AsyncIterator[None]:
        """Run a worker; of several in one process only one may poll Temporal."""
        routing = PostgresRouting(self._url, self.ledger, f"worker/w{number}/b{number}")
        async with AsyncExitStack() as stack:
            stack.push_async_callback(routing.close)
            if polls:
                worker = Worker(
                    self.client,
                    task_queue="calls",
                    workflows=[WaitingCall],
                    activities=routing.activities(),
                    workflow_runner=UnsandboxedWorkflowRunner(),
                    interceptors=[ErrorInterceptor()],
                )
                await stack.enter_async_context(worker)
            running = asyncio.create_task(routing.run(TemporalRoutingSignals(self.client)))
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def say_ready(self, agent: str) -> None:
        fact = AgentStateChanged(agent_id=agent, state=AGENT_STATE_READY, skills=["clinical"], session_id="tab-1")
        event = NewEvent(
            stream=agent_stream(TENANT, agent), event=pack(fact), source="gateway/g1/b1", source_seq=1, actor="agent"
        )
        event.occurred_at.FromDatetime(datetime.now(UTC))
        await self.ledger.append([event])

    async def states(self, agent: str) -> list[str]:
        stream = agent_stream(TENANT, agent)
        found = [unpack(envelope) async for envelope in self.ledger.read(stream)]
        return [AgentState.Name(one.state)[12:] for one in found if isinstance(one, AgentStateChanged)]

    async def logged(self, agent: str, *expected: str) -> None:
        async with asyncio.timeout(20):
            while await self.states(agent) != list(expected):
                await asyncio.sleep(0.02)


async def test_a_call_finds_its_agent_and_the_desk_sees_each_step(
    postgres_url: str, temporal: WorkflowEnvironment
) -> None:
    engine = Engine(postgres_url, temporal)
    async with engine.worker(1), engine.worker(2, polls=False):
        call = await engine.client.start_workflow("WaitingCall", "c1", id=workflow_id("c1"), task_queue="calls")
        await engine.say_ready("ann")
        assert await asyncio.wait_for(call.result(), 30) == "STALE_EPOCH"
        await engine.logged("ann", "READY", "READY", "RESERVED", "BUSY", "WRAP_UP")


async def test_a_call_that_is_over_is_not_told_and_holds_nobody(
    postgres_url: str, temporal: WorkflowEnvironment
) -> None:
    engine = Engine(postgres_url, temporal)
    async with engine.worker(1):
        call = await engine.client.start_workflow("WaitingCall", "c2", id=workflow_id("c2"), task_queue="calls")
        async with asyncio.timeout(20):
            # Both requests to wait have been made: two activities of three events, and the steps around them.
            while ((await call.describe()).history_length or 0) < 16:
                await asyncio.sleep(0.02)
        await call.terminate()
        await engine.say_ready("bob")
        await engine.logged("bob", "READY", "READY", "RESERVED", "READY")
