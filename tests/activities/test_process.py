"""The worker as a process of its own: ready, killed, asked to end; its calls go on in another one."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ledger_server import LedgerServer, ledger_server
from node_servers import media_node, registered, voice_agent
from temporal import OFFER
from temporal_server import connect, temporal_server
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from cordboard.activities.memory_media_nodes import MemoryMediaNodes
from cordboard.activities.memory_voice_agents import MemoryVoiceAgents
from cordboard.call.v1.call_pb2 import DIRECTION_INBOUND, PHASE_AI_ENGAGED, PHASE_COMPLETED, TALK_OUTCOME_DONE
from cordboard.call.v1.call_workflow_pb2 import CallInput, CallResult, StartCallAnswer, StartCallInput, StateAnswer
from cordboard.call.v1.facts_pb2 import ConsentAnswered, ConversationEnded, LegStateChanged, SlotsFilled
from cordboard.core.event_message import pack
from cordboard.core.fold import decision_source, fold_envelopes
from cordboard.core.state_digest import to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED
from cordboard.runtime.identity import create_keys
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import call_stream
from cordboard.workflows import names
from cordboard.workflows.data_converter import data_converter


@dataclass
class Engine:
    """Everything that a worker needs, and a client for its calls."""

    home: Path
    temporal: str
    ledger: LedgerServer
    nodes: MemoryMediaNodes
    agents: MemoryVoiceAgents
    client: Client
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    async def start(self, number: int) -> tuple[str, str]:
        """Start a call; gives its id and the caller's leg."""
        opened = await self.ledger.client("gateway").open_call(
            tenant="demo", request_id=f"r{number}", args_digest=bytes(32), vertical="healthcare"
        )
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            names.CALL_WORKFLOW,
            CallInput(call_id=opened.call_id, tenant="demo", vertical="healthcare", direction=DIRECTION_INBOUND),
            id=names.workflow_id(opened.call_id),
            task_queue=names.CALLS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=names.TASK_TIMEOUT,
        )
        answer: StartCallAnswer = await self.client.execute_update_with_start_workflow(
            names.UPDATE_START_CALL,
            StartCallInput(actor="caller", request_id=f"r{number}", sdp_offer=OFFER),
            start_workflow_operation=operation,
            id=f"r{number}",
            result_type=StartCallAnswer,
        )
        return opened.call_id, answer.leg_id

    async def fact(self, call_id: str, component: str, fact: Any) -> None:
        """Put a fact on the log as the component does."""
        source = f"{component}/{component}-1/b1"
        number = self.numbers[call_id, source] = self.numbers.get((call_id, source), 0) + 1
        event = NewEvent(stream=call_stream(call_id), event=pack(fact), source=source, source_seq=number)
        event.occurred_at.GetCurrentTime()
        await self.ledger.client(component).append([event])

    async def phase(self, call_id: str) -> int:
        """Fold the log to the call's phase."""
        state = fold_envelopes(await self.log(call_id))
        return state.phase if state is not None else 0

    async def log(self, call_id: str) -> list[Any]:
        """Read the call's events."""
        stream = call_stream(call_id)
        return [envelope async for envelope in self.ledger.client("worker").read(stream, with_phi=True)]

    async def until_engaged(self, call_id: str) -> None:
        """Wait until the AI agent talks."""
        async with asyncio.timeout(30):
            while await self.phase(call_id) != PHASE_AI_ENGAGED:
                await asyncio.sleep(0.05)

    async def assert_completed(self, call_id: str) -> None:
        """The call ended well, its decisions are contiguous, and the workflow agrees with the log."""
        handle = self.client.get_workflow_handle(names.workflow_id(call_id), result_type=CallResult)
        async with asyncio.timeout(60):
            result: CallResult = await handle.result()
        assert (result.phase, result.end_reason) == (PHASE_COMPLETED, "DONE")
        envelopes = await self.log(call_id)
        mine = [one.event.source_seq for one in envelopes if one.event.source == decision_source(call_id)]
        assert mine == list(range(1, len(mine) + 1))
        state: StateAnswer = await handle.query(names.QUERY_STATE, result_type=StateAnswer)
        assert state.canonical_json == to_canonical_json(fold_envelopes(envelopes))
        assert not self.nodes.rooms[call_id].open


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    nodes, agents = MemoryMediaNodes(), MemoryVoiceAgents()
    keys = tmp_path / "keys"
    create_keys(keys)
    (tmp_path / "url").write_text("postgresql://nobody@127.0.0.1:1/none")
    async with AsyncExitStack() as stack:
        temporal = stack.enter_context(temporal_server())
        ledger = await stack.enter_async_context(ledger_server(tmp_path))
        node = await stack.enter_async_context(media_node(keys, nodes))
        agent = await stack.enter_async_context(voice_agent(keys, agents))
        await stack.enter_async_context(registered(keys, ledger.address, "media-node", node))
        await stack.enter_async_context(registered(keys, ledger.address, "voice-agent", agent))
        client = await connect(temporal, data_converter(KeyClient(ledger.channel("gateway"))))
        yield Engine(tmp_path, temporal, ledger, nodes, agents, client)


@dataclass
class Worker:
    """A worker process and where its health is served."""

    process: Process
    address: str


@asynccontextmanager
async def worker(engine: Engine, instance: str) -> AsyncIterator[Worker]:
    settings = {
        "CORDBOARD_HOME": str(engine.home),
        "CORDBOARD_INSTANCE": instance,
        "CORDBOARD_LEDGER": engine.ledger.address,
        "CORDBOARD_TEMPORAL": engine.temporal,
        "CORDBOARD_KEYS_DIR": str(engine.home / "keys"),
        "CORDBOARD_POSTGRES_URL_FILE": str(engine.home / "url"),
        "CORDBOARD_LOG_LEVEL": "ERROR",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cordboard.activities", env={**os.environ, **settings}, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert ready["ready"]
        yield Worker(process, ready["grpc"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_tells_its_health_and_ends_when_asked(engine: Engine) -> None:
    async with worker(engine, "worker-1") as running:
        async with grpc.aio.insecure_channel(running.address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 20) == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_its_calls_go_on_in_another_worker(engine: Engine, how: signal.Signals) -> None:
    async with worker(engine, "worker-1") as first, worker(engine, "worker-2"):
        calls = [await engine.start(number) for number in range(4)]
        for call_id, leg_id in calls:
            await engine.until_engaged(call_id)
            connected = LegStateChanged(leg_id=leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1)
            await engine.fact(call_id, "media-node", connected)
        # Facts are on their way and decisions under way when it happens.
        await asyncio.gather(
            *(engine.fact(call_id, "voice-agent", ConsentAnswered(given=True)) for call_id, _ in calls)
        )
        first.process.send_signal(how)
        await asyncio.gather(*(engine.fact(call_id, "voice-agent", SlotsFilled(turn_id="1")) for call_id, _ in calls))
        for call_id, _ in calls:
            await engine.fact(call_id, "voice-agent", ConversationEnded(outcome=TALK_OUTCOME_DONE))
        for call_id, _ in calls:
            await engine.assert_completed(call_id)
        assert not engine.agents.busy
