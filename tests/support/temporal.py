"""A Temporal for tests of calls, and a house of in-memory twins around the real workflow and the real activities."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from replayed_calls import assert_calls_replay
from scripted_routing import ScriptedRouting
from temporalio import activity
from temporalio.client import Client, Interceptor, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.testing import WorkflowEnvironment

from cordboard.activities.admission import AdmissionActivities
from cordboard.activities.call_signals import TemporalCallSignals
from cordboard.activities.call_worker import call_worker
from cordboard.activities.callback_activities import CallbackActivities
from cordboard.activities.decision_log import DecisionLog
from cordboard.activities.fact_relay import FactRelay
from cordboard.activities.ledger_activities import LedgerActivities
from cordboard.activities.media_activities import MediaActivities
from cordboard.activities.memory_media_nodes import MemoryMediaNodes, MemoryRoom
from cordboard.activities.memory_node_registry import MemoryNodeRegistry
from cordboard.activities.memory_voice_agents import MemoryVoiceAgents
from cordboard.activities.profile_store import MemoryProfileStore, ProfileActivities
from cordboard.activities.script_watch import ScriptActivities
from cordboard.activities.voice_activities import VoiceActivities
from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1.call_pb2 import DIRECTION_INBOUND, CallView
from cordboard.call.v1.call_workflow_pb2 import CallInput, CallResult, StartCallAnswer, StartCallInput, StateAnswer
from cordboard.core.call_state import CallState
from cordboard.core.errors import ConflictError, NotFoundError, UnavailableError
from cordboard.core.event_message import pack, unpack
from cordboard.core.fold import fold_envelopes
from cordboard.core.state_digest import to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA, NODE_KIND_VOICE, Node
from cordboard.runtime.ledger_client import MemoryLedger, call_stream
from cordboard.workflows import names
from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.search_attributes import ALL, register_search_attributes

BIN = Path(sys.executable).parent
OFFER = "v=0 offer"
TENANT = "demo"
VERTICAL = "clinic"
AGENT = "front-desk"


class MemoryKeys:
    """Subkeys out of thin air, as histories/corpus.keys tells them; `destroyed` calls have none."""

    def __init__(self) -> None:
        self.destroyed: set[str] = set()

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give 32 bytes."""
        if call_id in self.destroyed:
            raise NotFoundError("KEY_DESTROYED", "the call's key is gone", call_id=call_id)
        return (f"{call_id}/{purpose}" * 32).encode()[:32]


class CountingAppender:
    """Appends to the ledger in memory, and counts what was on it before."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self.refusals = 0

    async def append(self, events: Sequence[NewEvent]) -> int:
        """Append all or none."""
        if self._ledger.away:
            self.refusals += 1
        before = {
            (envelope.event.source, envelope.event.source_seq) async for envelope in self._ledger.read(events[0].stream)
        }
        await self._ledger.append(events)
        return sum((event.source, event.source_seq) in before for event in events)


class TestPack:
    """A vertical pack with one agent."""

    name = VERTICAL
    default_agent = AGENT
    __test__ = False

    def profile(self, agent: str) -> bytes:
        """Give the one profile."""
        if agent != AGENT:
            raise NotFoundError("PROFILE_UNKNOWN", "no such profile")
        escalation = {"queue": "front-desk", "skills": ["front-desk"]}
        lines = {
            "low_confidence": ["A colleague helps you."],
            "nobody_free": ["Nobody is free."],
            "callback_promised": ["We call you back."],
        }
        return json.dumps({"name": AGENT, "version": "1", "escalation": escalation, "lines": lines}).encode()

    def open_tools(self, database_url: str) -> Any:
        """Tests bring their own tools."""
        raise NotImplementedError


@activity.defn(name="clinic.echo")
async def echo(call: ToolCallInput) -> ToolCallResult:
    """Give the arguments back."""
    return ToolCallResult(result=call.arguments, attempts=activity.info().attempt)


@activity.defn(name="clinic.slow")
async def slow(call: ToolCallInput) -> ToolCallResult:
    """Take a while."""
    await asyncio.sleep(0.5)
    return ToolCallResult(result=call.arguments, attempts=1)


@activity.defn(name="clinic.full")
async def full(call: ToolCallInput) -> ToolCallResult:
    """Refuse for good."""
    raise ConflictError("SLOT_TAKEN", "somebody else has it", tool_call_id=call.tool_call_id)


@activity.defn(name="clinic.away")
async def away(call: ToolCallInput) -> ToolCallResult:
    """Fail so that nobody knows whether it had its effect."""
    raise UnavailableError("SYSTEM_OF_RECORD_AWAY", "the calendar is away", tool_call_id=call.tool_call_id)


@activity.defn(name="clinic.flaky")
async def flaky(call: ToolCallInput) -> ToolCallResult:
    """Succeed at the second try."""
    if activity.info().attempt == 1:
        raise UnavailableError("SYSTEM_OF_RECORD_AWAY", "the calendar is away")
    return ToolCallResult(result=call.arguments, attempts=activity.info().attempt)


TOOLS = (echo, slow, full, away, flaky)


@dataclass
class House:
    """Everything around the calls' workflow, in memory."""

    client: Client
    environment: WorkflowEnvironment
    ledger: MemoryLedger
    registry: MemoryNodeRegistry
    nodes: MemoryMediaNodes
    agents: MemoryVoiceAgents
    keys: MemoryKeys
    appender: CountingAppender
    routing: ScriptedRouting = field(default_factory=ScriptedRouting)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    wrapped_up: list[str] = field(default_factory=list)
    wrap_up_away: bool = False

    @activity.defn(name="start_wrap_up")
    async def note_wrap_up(self, call: WrapUpInput) -> None:
        """Note which call is wrapped up, and leave it at that."""
        if self.wrap_up_away:
            raise ConflictError("WRAP_UP_REFUSED", "no wrap-up can be started")
        self.wrapped_up.append(call.call_id)

    async def open_call(self) -> str:
        """Have the ledger give a call id."""
        number = len(self.counters) + len(self.ledger._requests)
        opened = await self.ledger.open_call(
            tenant=TENANT, request_id=f"r{number}", args_digest=b"d", vertical=VERTICAL
        )
        return opened.call_id

    def call_input(self, call_id: str, **changes: Any) -> CallInput:
        """Make the workflow's argument."""
        call = CallInput(call_id=call_id, tenant=TENANT, vertical=VERTICAL, direction=DIRECTION_INBOUND)
        call.MergeFrom(CallInput(**changes))
        return call

    async def start(
        self, call_id: str = "", *, sdp: str = OFFER, **changes: Any
    ) -> tuple["PlacedCall", StartCallAnswer]:
        """Start a call as the gateway does, but in two steps, which the time-skipping server can do."""
        call_id = call_id or await self.open_call()
        handle: WorkflowHandle[Any, CallResult] = await self.client.start_workflow(
            names.CALL_WORKFLOW,
            self.call_input(call_id, **changes),
            id=names.workflow_id(call_id),
            task_queue=names.CALLS_QUEUE,
            task_timeout=names.TASK_TIMEOUT,
            execution_timeout=names.EXECUTION_TIMEOUT,
            result_type=CallResult,
        )
        answer: StartCallAnswer = await handle.execute_update(
            names.UPDATE_START_CALL,
            StartCallInput(actor="caller", request_id="request-1", sdp_offer=sdp),
            id="request-1",
            result_type=StartCallAnswer,
        )
        return PlacedCall(self, call_id, handle, answer.leg_id), answer

    async def start_at_once(self, call_id: str, request_id: str = "request-1", sdp: str = OFFER) -> StartCallAnswer:
        """Start a call by update-with-start."""
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            names.CALL_WORKFLOW,
            self.call_input(call_id),
            id=names.workflow_id(call_id),
            task_queue=names.CALLS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=names.TASK_TIMEOUT,
            execution_timeout=names.EXECUTION_TIMEOUT,
        )
        answer: StartCallAnswer = await self.client.execute_update_with_start_workflow(
            names.UPDATE_START_CALL,
            StartCallInput(actor="caller", request_id=request_id, sdp_offer=sdp),
            start_workflow_operation=operation,
            id=request_id,
            result_type=StartCallAnswer,
        )
        return answer

    def placed(self, call_id: str, leg_id: str) -> "PlacedCall":
        """Take a call that was started elsewhere in hand."""
        handle = self.client.get_workflow_handle(names.workflow_id(call_id), result_type=CallResult)
        return PlacedCall(self, call_id, handle, leg_id)


@dataclass
class PlacedCall:
    """A call under way, with what the outside world can do to it."""

    house: House
    call_id: str
    handle: WorkflowHandle[Any, CallResult]
    leg_id: str

    @property
    def room(self) -> MemoryRoom:
        """The call's room on its node."""
        return self.house.nodes.rooms[self.call_id]

    async def fact(self, fact: Message, source: str = "media-node/m1/b1") -> Envelope:
        """Put a fact on the log, as its producer does, and give it as it stands there."""
        key = (self.call_id, source)
        self.house.counters[key] = self.house.counters.get(key, 0) + 1
        event = NewEvent(
            stream=call_stream(self.call_id), event=pack(fact), source=source, source_seq=self.house.counters[key]
        )
        event.occurred_at.FromDatetime(datetime.now(UTC))
        [seq] = await self.house.ledger.append([event])
        return Envelope(event=event, seq=seq)

    async def update(self, name: str, argument: Message, kind: type[Message]) -> Any:
        """Send an update."""
        return await self.handle.execute_update(name, argument, result_type=kind)

    async def view(self) -> CallView:
        """Ask the workflow how the call stands."""
        view: CallView = await self.handle.query(names.QUERY_VIEW, result_type=CallView)
        return view

    async def until(self, condition: Callable[[CallView], bool], seconds: float = 20.0) -> CallView:
        """Wait until the call stands as `condition` asks."""
        async with asyncio.timeout(seconds):
            while True:
                view = await self.view()
                if condition(view):
                    return view
                await asyncio.sleep(0.02)

    async def events(self) -> list[Message]:
        """Give the call's events from the log."""
        stream = call_stream(self.call_id)
        found = [unpack(envelope) async for envelope in self.house.ledger.read(stream, with_phi=True)]
        return [event for event in found if event is not None]

    async def folded(self) -> CallState | None:
        """Fold the log."""
        stream = call_stream(self.call_id)
        return fold_envelopes([envelope async for envelope in self.house.ledger.read(stream, with_phi=True)])

    async def assert_live_equals_log(self) -> None:
        """Compare the workflow's own answer with the fold."""
        live: StateAnswer = await self.handle.query(names.QUERY_STATE, result_type=StateAnswer)
        told, folded = json.loads(live.canonical_json), json.loads(to_canonical_json(await self.folded()))
        differing = {key: (told[key], folded[key]) for key in told if told[key] != folded[key]}
        assert not differing, differing


def activities_of(house: House, packs: Mapping[str, Any] | None = None) -> list[Callable[..., Awaitable[Any]]]:
    """Make the real activities over the house's twins."""
    profiles = ProfileActivities(packs or {VERTICAL: TestPack()}, store := MemoryProfileStore())
    log = DecisionLog(house.appender, house.ledger)
    admission = AdmissionActivities(log, house.registry, house.nodes, profiles)
    voice = VoiceActivities(house.agents, house.registry, store, house.ledger)
    return [
        admission.admit,
        LedgerActivities(log).append,
        MediaActivities(house.nodes).apply_commands,
        profiles.pin_profile,
        profiles.read_hand_over,
        house.note_wrap_up,
        voice.engage_voice,
        voice.release_voice,
        voice.say_line,
        voice.deliver_tool_result,
        ScriptActivities(house.client).inspect_script,
        CallbackActivities(house.ledger, house.client).place_callback,
        house.routing.routing_enqueue,
        house.routing.routing_cancel,
        house.routing.routing_confirm,
        house.routing.routing_release,
    ]


def new_house(environment: WorkflowEnvironment, *interceptors: Interceptor) -> House:
    """Make a house with one media node and two voice agents."""
    keys = MemoryKeys()
    config = environment.client.config()
    config["data_converter"] = data_converter(keys)
    # The time-skipping server's own skips time while somebody waits for a result.
    config["interceptors"] = [*config["interceptors"], *interceptors]
    registry = MemoryNodeRegistry()
    registry.add(Node(node_id="m1", kind=NODE_KIND_MEDIA, address="m1:1", boot_id="b1", capacity=9))
    for name in ("v1", "v2"):
        registry.add(Node(node_id=name, kind=NODE_KIND_VOICE, address=f"{name}:1", boot_id="b1", capacity=9))
    return House(
        client=Client(**config),
        environment=environment,
        ledger=(ledger := MemoryLedger()),
        appender=CountingAppender(ledger),
        registry=registry,
        nodes=MemoryMediaNodes(),
        agents=MemoryVoiceAgents(),
        keys=keys,
    )


@asynccontextmanager
async def open_house(
    environment: WorkflowEnvironment,
    *tools: Callable[..., Any],
    relay: bool = True,
    workflow: type[CallWorkflow] = CallWorkflow,
    interceptors: Sequence[Interceptor] = (),
    packs: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """Run a worker and a relay over in-memory twins; in the end every call replays as it ran."""
    house = new_house(environment, *interceptors)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            call_worker(house.client, [*activities_of(house, packs), *TOOLS, *tools], workflow=workflow)
        )
        if relay:
            following = asyncio.create_task(
                FactRelay(house.ledger, TemporalCallSignals(house.client), "worker/w1/b1", linger=0.05).run()
            )
            stack.push_async_callback(_cancel, following)
        yield house
        house.ledger.away = False
        heads = await house.ledger.list_streams("call", page_size=1_000)
        await assert_calls_replay(house.client, workflow, [head.stream.id for head in heads.streams])


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def skipping_time() -> AsyncIterator[WorkflowEnvironment]:
    """Run the server that skips time."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(BIN / "temporal-test-server")
    )
    async with environment:
        await register_search_attributes(environment.client)
        yield environment


@asynccontextmanager
async def real_time() -> AsyncIterator[WorkflowEnvironment]:
    """Run the development server."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"), search_attributes=list(ALL)
    )
    async with environment:
        yield environment


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something in memory is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


HOUR = timedelta(hours=1)
