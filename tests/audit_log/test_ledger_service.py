"""The ledger's services over gRPC, with the record in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory
from ledger_events import destroy_key, heard, new_event
from ledger_server import LedgerServer, ledger_server, utc_now
from postgres_ledger import PostgresLedger

from cordboard.audit_log.assembly import Stores, memory_stores, postgres_stores
from cordboard.audit_log.record import StreamKey
from cordboard.call.v1.agent_facts_pb2 import AgentStateChanged
from cordboard.call.v1.decisions_pb2 import CallAnswered
from cordboard.call.v1.facts_pb2 import BargedIn, CallOpened, UtteranceHeard
from cordboard.core.errors import ConflictError, CordboardError, ForbiddenError, InvalidError, WrongStateError
from cordboard.core.event_message import EVENT_FILES
from cordboard.core.phi import nature_of
from cordboard.ledger.v1.envelope_pb2 import Envelope, Stream
from cordboard.ledger.v1.facts_pb2 import PhiRead
from cordboard.options.v1.options_pb2 import NATURE_DECISION
from cordboard.registry.v1.node_registry_service_pb2 import (
    NODE_KIND_MEDIA,
    HeartbeatRequest,
    Node,
    PlaceRequest,
    RegisterRequest,
    ResolveRequest,
)
from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceStub
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient, call_stream

NODE_SOURCE = "media-node/media-node-1/boot"
VOICE_SOURCE = "voice-agent/voice-agent-1/boot"


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return memory_stores(utc_now)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return postgres_stores(ledger.database, ledger.store, utc_now)


@pytest.fixture
async def server(stores: Stores, tmp_path: Path) -> AsyncIterator[LedgerServer]:
    async with ledger_server(tmp_path, stores) as running:
        yield running


async def open_call(server: LedgerServer, request_id: str = "r1", **more: Any) -> str:
    asked = {"tenant": "acme", "request_id": request_id, "args_digest": bytes(32), "vertical": "healthcare", **more}
    return (await server.client("gateway").open_call(**asked)).call_id


async def say(server: LedgerServer, call: str, text: str, number: int = 1) -> list[int]:
    event = new_event(StreamKey("call", call), heard(text), number, VOICE_SOURCE)
    return await server.client("voice-agent").append([event])


async def read(client: LedgerClient, stream: Stream, with_phi: bool = False) -> list[Envelope]:
    return [envelope async for envelope in client.read(stream, with_phi=with_phi)]


async def test_opening_a_call_is_its_first_event(server: LedgerServer) -> None:
    call = await open_call(server, token_id="t1")
    events = await read(server.client("worker"), call_stream(call))
    assert [envelope.seq for envelope in events] == [1]
    opened = CallOpened.FromString(events[0].event.event.value)
    assert opened == CallOpened(tenant="acme", request_id="r1", args_digest=bytes(32), token_id="t1")
    assert events[0].event.source.startswith("ledger/")


async def test_the_same_request_gets_the_same_call(server: LedgerServer) -> None:
    calls = await asyncio.gather(*(open_call(server, token_id="t1") for _ in range(5)))
    assert len(set(calls)) == 1
    with pytest.raises(ConflictError) as caught:
        await open_call(server, args_digest=bytes(31) + b"\1")
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_a_token_pays_for_one_call(server: LedgerServer) -> None:
    await open_call(server, token_id="t1")
    with pytest.raises(ConflictError) as caught:
        await open_call(server, "r2", token_id="t1")
    assert caught.value.reason == "TOKEN_USED"
    assert await open_call(server, "r2", token_id="t2")


@pytest.mark.parametrize(
    "wrong", [{"tenant": ""}, {"tenant": "a/b"}, {"args_digest": b"short"}, {"vertical": "x" * 300}]
)
async def test_a_malformed_request_opens_nothing(server: LedgerServer, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        await open_call(server, **wrong)
    assert not (await server.client("gateway").list_streams("call")).streams


@pytest.mark.parametrize(
    ("component", "source"),
    [
        ("media-node", "voice-agent/voice-agent-1/boot"),
        ("media-node", "media-node/media-node-2/boot"),
        ("media-node", "media-node/media-node-1/"),
        ("media-node", "workflow/{call}"),
        ("worker", "workflow/another-call"),
        ("gateway", "ledger/ledger-1/boot"),
    ],
)
async def test_nobody_writes_under_another_name(server: LedgerServer, component: str, source: str) -> None:
    call = await open_call(server)
    event = new_event(StreamKey("call", call), BargedIn(), 1, source.format(call=call))
    with pytest.raises(ForbiddenError) as caught:
        await server.client(component).append([event])
    assert caught.value.reason == "SOURCE_NOT_YOURS"
    assert len(await read(server.client("worker"), call_stream(call))) == 1


async def test_the_worker_writes_as_the_calls_workflow(server: LedgerServer) -> None:
    call = await open_call(server)
    event = new_event(StreamKey("call", call), CallAnswered(), 1, f"workflow/{call}")
    assert await server.client("worker").append([event]) == [2]


SOURCES = {
    "media-node": NODE_SOURCE,
    "voice-agent": VOICE_SOURCE,
    "gateway": "gateway/gateway-1/boot",
    "worker": "worker/worker-1/boot",
    "workflow": "workflow/{call}",
    "wrap-up": "wrap-up/{call}",
}
EVERY_EVENT = [
    message_factory.GetMessageClass(descriptor)
    for file in EVENT_FILES
    for descriptor in file.message_types_by_name.values()
    if nature_of(descriptor)
]


@pytest.mark.parametrize("who", SOURCES)
async def test_each_source_says_only_what_it_can_know(stores: Stores, tmp_path: Path, who: str) -> None:
    said: set[str] = set()
    refusals: set[str] = set()
    async with ledger_server(tmp_path, stores) as server:
        call = await open_call(server)
        client = server.client("worker" if who == "workflow" else who)
        for message in EVERY_EVENT:
            stream = ELSEWHERE.get(message.DESCRIPTOR.name) or StreamKey("call", call)
            number = 1 if stream.kind != "call" else len(said - ELSEWHERE.keys()) + 1
            try:
                await client.append([new_event(stream, message(), number, SOURCES[who].format(call=call))])
            except ForbiddenError as error:
                refusals.add(error.reason)
            else:
                said.add(message.DESCRIPTOR.name)
    decisions = {one.DESCRIPTOR.name for one in EVERY_EVENT if nature_of(one.DESCRIPTOR) == NATURE_DECISION}
    assert refusals <= {"FACT_NOT_YOURS", "SOURCE_NOT_YOURS"}
    assert said == (decisions if who == "workflow" else OWN_FACTS[who])


ELSEWHERE = {
    "AgentStateChanged": StreamKey("agent", "acme/ann"),
    "WorkflowRegistered": StreamKey("registry", "acme"),
}
"""Facts that stand on no call."""

OWN_FACTS = {
    "media-node": {
        "LegStateChanged", "MediaCommandApplied", "MediaCommandRejected", "VoicePortChanged", "PlayoutStarted",
        "PlayoutEnded", "QualityMeasured", "CaptureSegmentStored", "CaptureEnded", "DtmfReceived", "SilenceHeard",
    },
    "voice-agent": {
        "UtteranceHeard", "ReplyPlanned", "ReplyHeard", "BargedIn", "TurnMeasured", "ConsentAnswered", "SlotsFilled",
        "ToolCallRequested", "ConversationEnded", "EngineVersionsReported",
    },
    "gateway": {
        "AgentStateChanged", "AgentAnsweredOffer", "PartyAlerted", "PartyDeclined", "WorkflowRegistered",
        "ScriptKeyGiven",
    },
    "worker": {"AgentStateChanged"},
    "wrap-up": {
        "ObjectStored",
        "WrapUpStageDone",
        "WrapUpFinished",
        "OutcomeOpened",
        "TranscriptOpened",
        "FollowUpResolved",
        "ErasedObjectsRemoved",
    },
}  # fmt: skip


async def test_a_fact_of_an_agent_stands_on_no_call(server: LedgerServer) -> None:
    call = await open_call(server)
    event = new_event(StreamKey("call", call), AgentStateChanged(), 1, "gateway/gateway-1/boot")
    with pytest.raises(ForbiddenError, match="FACT_NOT_YOURS"):
        await server.client("gateway").append([event])


async def test_the_command_line_says_nothing_and_holds_no_cursor(server: LedgerServer) -> None:
    call = await open_call(server)
    client = server.client("cli")
    with pytest.raises(ForbiddenError, match="CALLER_NOT_ALLOWED"):
        await client.append([new_event(StreamKey("call", call), BargedIn(), 1, "cli/cli-1/boot")])
    with pytest.raises(ForbiddenError, match="CALLER_NOT_ALLOWED"):
        await client.lease_cursor("worker", "cli/cli-1/boot")


async def test_phi_is_opened_for_those_who_may_and_ask(server: LedgerServer) -> None:
    call = await open_call(server)
    assert await say(server, call, "my knee hurts") == [2]
    for component in ("worker", "gateway"):
        shown = (await read(server.client(component), call_stream(call), with_phi=True))[-1]
        assert UtteranceHeard.FromString(shown.event.event.value).text == "my knee hurts"
        assert not shown.redacted
    hidden = (await read(server.client("worker"), call_stream(call)))[-1]
    assert hidden.redacted
    assert not UtteranceHeard.FromString(hidden.event.event.value).text
    for component in ("media-node", "voice-agent"):
        for with_phi in (True, False):
            with pytest.raises(ForbiddenError) as caught:
                await read(server.client(component), call_stream(call), with_phi=with_phi)
            assert caught.value.reason == "CALLER_NOT_ALLOWED"


async def test_reading_phi_by_the_command_line_is_on_record(server: LedgerServer) -> None:
    call = await open_call(server)
    await say(server, call, "my knee hurts")
    await say(server, call, "for two weeks", 2)
    for _ in range(2):
        await read(server.client("cli"), call_stream(call), with_phi=True)
    await read(server.client("cli"), call_stream(call))
    journal = await read(server.client("worker"), Stream(kind="tenant", id="acme"))
    assert [PhiRead.FromString(envelope.event.event.value) for envelope in journal] == [
        PhiRead(stream=call_stream(call), reader="cli/cli-1", first_seq=2, last_seq=3)
    ] * 2


async def test_reading_phi_for_somebody_is_on_record_and_for_the_calls_handling_is_not(server: LedgerServer) -> None:
    call = await open_call(server)
    await say(server, call, "my knee hurts")
    gateway = server.client("gateway")
    await read(gateway, call_stream(call), with_phi=True)
    [envelope async for envelope in gateway.read(call_stream(call), on_behalf_of="app/crm")]
    [envelope async for envelope in gateway.read(call_stream(call), with_phi=True, on_behalf_of="app/crm")]
    feed = gateway.subscribe(stream=call_stream(call), with_phi=True, on_behalf_of="engineer/eve")
    async with asyncio.timeout(30), aclosing(feed):
        async for response in feed:
            if response.events:
                break
    journal = await read(server.client("worker"), Stream(kind="tenant", id="acme"))
    noted = [PhiRead.FromString(envelope.event.event.value) for envelope in journal]
    assert [(one.reader, one.on_behalf_of, one.first_seq, one.last_seq) for one in noted] == [
        ("gateway/gateway-1", "app/crm", 2, 2),
        ("gateway/gateway-1", "engineer/eve", 2, 2),
    ]


async def test_after_its_key_is_destroyed_a_call_still_verifies_but_says_nothing(
    server: LedgerServer, tmp_path: Path
) -> None:
    call = await open_call(server)
    await say(server, call, "my knee hurts")
    await destroy_key(server.stores, call)
    async with ledger_server(tmp_path, server.stores) as restarted:
        for with_phi in (True, False):
            shown = (await read(restarted.client("worker"), call_stream(call), with_phi=with_phi))[1]
            assert (shown.redacted, shown.erased) == (True, True)
        assert not [fault async for progress in restarted.client("cli").verify() for fault in progress.faults]
        with pytest.raises(WrongStateError) as caught:
            await KeyClient(restarted.channel("worker")).subkey(call, "temporal")
        assert caught.value.reason == "KEY_DESTROYED"


@pytest.mark.parametrize(
    ("component", "purpose", "may"),
    [
        ("worker", "temporal", True),
        ("gateway", "temporal", True),
        ("media-node", "recording", True),
        ("worker", "sealed", False),
        ("media-node", "temporal", False),
        ("voice-agent", "temporal", False),
        ("voice-agent", "spool", True),
        ("media-node", "spool", True),
        ("gateway", "spool", False),
        ("cli", "temporal", True),
        ("cli", "recording", True),
    ],
)
async def test_each_component_gets_its_own_subkeys_only(
    server: LedgerServer, component: str, purpose: str, may: bool
) -> None:
    call = await open_call(server)
    client = KeyClient(server.channel(component))
    if may:
        assert len(await client.subkey(call, purpose)) == 32
    else:
        with pytest.raises(ForbiddenError):
            await client.subkey(call, purpose)


async def test_a_subscription_catches_up_and_goes_on_without_gap_or_repeat(server: LedgerServer) -> None:
    call = await open_call(server)
    await say(server, call, "one")

    async def produce() -> None:
        for number in range(2, 42):
            await say(server, call, f"words {number}", number)

    producing = asyncio.create_task(produce())
    seqs: list[int] = []
    async with asyncio.timeout(30), aclosing(server.client("worker").subscribe(with_phi=True)) as feed:
        async for response in feed:
            seqs += [envelope.seq for envelope in response.events]
            if len(seqs) == 42:
                break
    await producing
    assert seqs == list(range(1, 43))


async def test_a_subscription_may_want_some_types_of_one_stream_from_now_on(server: LedgerServer) -> None:
    call, other = await open_call(server), await open_call(server, "r2")
    await say(server, call, "before")
    types = ["cordboard.call.v1.UtteranceHeard"]
    subscription = server.client("worker").subscribe(from_now=True, stream=call_stream(call), types=types)
    async with asyncio.timeout(30), aclosing(subscription) as feed:
        assert not (await anext(feed)).events
        await say(server, other, "elsewhere")
        await server.client("voice-agent").append([new_event(StreamKey("call", call), BargedIn(), 2, VOICE_SOURCE)])
        await say(server, call, "after", 3)
        async for response in feed:
            if response.events:
                assert [envelope.event.source_seq for envelope in response.events] == [3]
                break


async def test_pages_hold_at_most_what_fits_into_a_message(server: LedgerServer) -> None:
    call = await open_call(server)
    for number in range(1, 21):
        await say(server, call, "x" * 250_000, number)
    assert len(await read(server.client("worker"), call_stream(call), with_phi=True)) == 21
    async with asyncio.timeout(30), aclosing(server.client("worker").subscribe()) as feed:
        seen = 0
        async for response in feed:
            seen += len(response.events)
            if seen == 21:
                break


async def test_verifies_over_grpc(server: LedgerServer) -> None:
    call = await open_call(server)
    await say(server, call, "one")
    results = [progress async for progress in server.client("cli").verify()]
    assert (results[-1].streams, results[-1].events) == (1, 2)
    assert not [fault for progress in results for fault in progress.faults]


async def test_a_batch_may_not_be_too_large_and_may_be_empty(server: LedgerServer) -> None:
    assert await server.client("worker").append([]) == []
    event = new_event(StreamKey("node", "n"), BargedIn(), 1, NODE_SOURCE)
    with pytest.raises(InvalidError) as caught:
        await server.client("media-node").append([event] * 1001)
    assert caught.value.reason == "BATCH_TOO_LARGE"


async def test_a_cursor_is_leased_in_ones_own_name_only(server: LedgerServer) -> None:
    client = server.client("worker")
    lease = await client.lease_cursor("worker", "worker/worker-1/boot")
    assert (lease.lease_epoch, lease.position, lease.lease_seconds) == (1, 0, 2.0)
    await client.commit_cursor("worker", 1, 5)
    with pytest.raises(ForbiddenError):
        await client.lease_cursor("worker", "worker/worker-2/boot")
    with pytest.raises(ForbiddenError):
        await server.client("media-node").lease_cursor("m", "media-node/media-node-1/boot")


async def test_a_node_enters_itself_and_gets_calls(server: LedgerServer) -> None:
    media = NodeRegistryServiceStub(server.channel("media-node"))
    worker = NodeRegistryServiceStub(server.channel("worker"))
    entry = Node(node_id="media-node-1", kind=NODE_KIND_MEDIA, address="127.0.0.1:1", boot_id="b", capacity=5, load=0)
    registered = await media.Register(RegisterRequest(node=entry))
    assert registered.lease.seconds == 6
    await media.Heartbeat(HeartbeatRequest(node=entry))
    placed = await worker.Place(PlaceRequest(request_id="p1", call_id="c1", kind=NODE_KIND_MEDIA))
    assert (placed.node.address, placed.placement_epoch) == ("127.0.0.1:1", 1)
    found = await worker.Resolve(ResolveRequest(call_id="c1", kind=NODE_KIND_MEDIA))
    assert [one.node_id for one in found.nodes] == ["media-node-1"]
    assert found.placement_epoch == 1
    assert [one.node_id for one in (await worker.Resolve(ResolveRequest())).nodes] == ["media-node-1"]


async def test_a_node_cannot_enter_another(server: LedgerServer) -> None:
    stub = NodeRegistryServiceStub(server.channel("media-node"))
    entry = Node(node_id="media-node-2", kind=NODE_KIND_MEDIA, address="127.0.0.1:1", boot_id="b")
    with pytest.raises(CordboardError) as caught:
        async with translate_errors():
            await stub.Register(RegisterRequest(node=entry))
    assert caught.value.reason == "NODE_NOT_YOURS"
