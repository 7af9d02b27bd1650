"""Measures StartCall beside a bare update-with-start on the same Temporal."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHistoryEventFilterType
from temporalio.common import WorkflowIDConflictPolicy

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.call_service_pb2 import EndCallRequest, StartCallRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.bench.far_peer import FarPeer
from cordboard.cli.bench.setup.bare_workflow import QUEUE, UPDATE, BareWorkflow
from cordboard.cli.bench.setup.setup_figures import StartTry
from cordboard.cli.bench.setup.start_stages import stages_of_start
from cordboard.cli.bench.tokens import VERTICAL, BenchTokens
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.ledger_client import LedgerClient, call_stream
from cordboard.workflows.names import workflow_id

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub

_DEADLINE = 20.0
_OVER_S = 30.0


class StartCallBench:
    """Starts calls through the gateway as an app does, and bare workflows beside them."""

    def __init__(self, calls: "CallServiceAsyncStub", temporal: Client, ledger: LedgerClient) -> None:
        """Use `StartCallBench.open`."""
        self._calls = calls
        self._temporal = temporal
        self._ledger = ledger

    @classmethod
    @asynccontextmanager
    async def open(cls, stack: Stack) -> AsyncIterator["StartCallBench"]:
        """Connect to a running stack."""
        temporal = await Client.connect(stack.address("temporal"), namespace=NAMESPACE)
        async with (
            open_user_channel(stack.gateway_grpc, BenchTokens(stack).app()) as channel,
            ledger_door(stack.directory.root, stack.address("ledger")) as ledger,
        ):
            yield cls(CallServiceStub(channel), temporal, ledger)

    async def measure(self, number: int) -> StartTry:
        """Measure both, the bare one first in every other try."""
        bare_ms = await self._bare() if number % 2 else 0.0
        start_call_ms, stages_ms = await self._start_call()
        return StartTry(start_call_ms, bare_ms or await self._bare(), stages_ms)

    async def over(self, call_id: str) -> list[Envelope]:
        """Wait until nothing of a call is left, so that the next try has the machine for itself, and give its log."""
        closing = self._temporal.get_workflow_handle(workflow_id(call_id)).fetch_history_events(
            wait_new_event=True, event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
        )
        async with asyncio.timeout(_OVER_S):
            async for _ in closing:
                break
        return [envelope async for envelope in self._ledger.read(call_stream(call_id))]

    async def _bare(self) -> float:
        operation = WithStartWorkflowOperation(
            BareWorkflow.run,
            id=f"bench/{uuid.uuid4()}",
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        began = time.perf_counter()
        await self._temporal.execute_update_with_start_workflow(
            UPDATE, start_workflow_operation=operation, result_type=str
        )
        return (time.perf_counter() - began) * 1000

    async def _start_call(self) -> tuple[float, dict[str, float]]:
        peer = FarPeer()
        request = StartCallRequest(
            request_id=str(uuid.uuid4()),
            vertical=VERTICAL,
            direction=call_pb2.DIRECTION_INBOUND,
            sdp_offer=await peer.offer(),
        )
        wall, began = time.time(), time.perf_counter()
        async with translate_errors():
            response = await self._calls.StartCall(request, timeout=_DEADLINE)
        took = time.perf_counter() - began
        ending = EndCallRequest(request_id=str(uuid.uuid4()), call_id=response.call_id, reason="BENCH")
        async with translate_errors():
            await self._calls.EndCall(ending, timeout=_DEADLINE)
        await peer.close()
        log = await self.over(response.call_id)
        return took * 1000, stages_of_start(log, await self._history(response.call_id), wall, took)

    async def _history(self, call_id: str) -> dict[int, float]:
        """Give when each kind of event first came up in the workflow's history, in seconds since the Unix epoch."""
        first: dict[int, float] = {}
        async for event in self._temporal.get_workflow_handle(workflow_id(call_id)).fetch_history_events():
            first.setdefault(event.event_type, event.event_time.ToMicroseconds() / 1e6)
        return first
