"""The whole of it: real servers, real processes, real speech both ways. About a minute and a half each."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from google.protobuf.message import Message
from otlp_receiver import OtlpReceiver, otlp_receiver
from phi_canary import files_below, rows_of, traces, traces_in
from record_desk import RecordDesk

from cordboard.activities.outcome.intent_words import NAMES
from cordboard.call.v1.call_pb2 import Slots
from cordboard.call.v1.decisions_pb2 import SlotsTaken
from cordboard.call.v1.wrap_up_facts_pb2 import OutcomeOpened, TranscriptOpened
from cordboard.cli.demo.demo_call import prove
from cordboard.cli.demo.script import load_script, shipped_scripts
from cordboard.cli.demo.story import Story
from cordboard.cli.supervision.postgres import PostgresServer
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import LedgerClient, call_stream

pytestmark = pytest.mark.timeout(420)

REPORT = "demo/last-call/caller.json"
# Whoever opens what was made of a call does so by a request of their own.
AFTERWARDS = {OutcomeOpened.DESCRIPTOR.full_name, TranscriptOpened.DESCRIPTOR.full_name}
FIELDS = {
    "call_id",
    "phases",
    "setup_ms",
    "turns",
    "slots",
    "tool_calls",
    "heard",
    "mos",
    "capture",
    "barge_in_ms",
    "events",
    "chain_valid",
    "replay_equals_live",
}
UNKNOWN_CALLER = {
    "title": "Somebody the engine has never heard of",
    "persona": {
        "name": "Thomas Walker",
        "callback_number": "555 017 6641",
        "reason": "pain in my left knee",
        "urgency": "urgent",
    },
}
LIAR = {
    "persona": {
        "name": "Thomas Walker",
        "callback_number": "555 017 6641",
        "reason": "pain in my left knee",
        "urgency": "routine",
    },
    "lines": {"callback_number": ["My number is 5 5 5, 0 1 8, 9 9 2 0."], "correct": ["Yes, that is right."]},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("demo") / "home"
    yield folder
    destroy(folder)


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


async def _demo(home: Path, script: Path, *options: str, collector: str = "") -> tuple[int, dict[str, Any], str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cordboard.cli", "demo", "--once", "--json"),
        *("--home", str(home), "--script", str(script), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "CORDBOARD_OTLP_ENDPOINT": collector},
    )
    out, story = await process.communicate()
    lines = out.decode().splitlines()
    assert lines, story.decode()
    return process.returncode or 0, json.loads(lines[-1]), story.decode()


@pytest.mark.parametrize("path", shipped_scripts(), ids=lambda path: path.stem)
async def test_a_shipped_caller_is_served_and_every_field_of_the_report_is_true(
    home: Path, path: Path, collector: OtlpReceiver
) -> None:
    script = load_script(path)
    code, report, story = await _demo(home, path, collector=collector.address)
    assert report["faults"] == [], story
    assert code == 0
    assert set(report) >= FIELDS
    assert report["phases"][0] == "offered"
    assert report["phases"][-1] == "completed"
    assert report["talk_outcome"] == ("wants_human" if script.persona.wants_human else "done")
    served_by = "agent" if script.persona.wants_human else "ai"
    assert report["outcome"]["disposition"] == f"served_by_{served_by}"
    assert report["outcome"]["sentiment"]["turns"] > 2
    assert report["outcome"]["intent"] in NAMES
    assert report["chain_valid"] is True
    assert report["replay_equals_live"] is True
    assert report["capture"]["sha256_ok"] is True
    assert report["capture"]["seconds"] > 10
    assert all(rate <= 0.25 for name, rate in report["heard"].items() if name != "music_s")
    assert report["setup_ms"]["offer_to_first_audio"] > 0
    assert any(turn["stages"] for turn in report["turns"])
    assert report["slots"]["callback_number"].endswith(script.persona.digits)
    assert report["capture"]["segments"] > 2
    assert 0 < report["barge_in_ms"] < 1500
    assert report["recording"]["channels"] == 2
    assert report["recording"]["seconds"] == pytest.approx(report["capture"]["seconds"], abs=1)
    assert report["recording"]["uri"].endswith(f"/{report['call_id']}/recording.ogg")
    assert report["transcript"]["redactions"] >= 2
    # A breath may sound like speech to what cuts it into pieces.
    assert set(report.get("wrap_up_missing", [])) <= {"UNINTELLIGIBLE"}
    assert 0 < report["wrap_up_seconds"] < 120


async def test_nothing_that_identifies_the_caller_is_left_in_clear(home: Path, collector: OtlpReceiver) -> None:
    path = next(one for one in shipped_scripts() if not load_script(one).persona.wants_human)
    persona = load_script(path).persona
    if not (home / REPORT).exists():
        await _demo(home, path, collector=collector.address)
    # The caller's own side, and what protects secrets, are no part of the engine's keeping.
    own = [home / name for name in ("speech", "demo", "secrets")]
    async with Stack(home, describe=lambda directory, ports: [PostgresServer(directory, ports)]) as stack:
        data = (stack.directory.root / "postgres" / "data").resolve()
        apart = await _files_of_the_system_of_record(stack, data)
        searched = [*files_below(home, *own), *files_below(data, *apart)]
        assert len(searched) > 500
        assert traces(persona.name, persona.digits, searched) == []
        assert traces_in(persona.name, persona.digits, await _rows_of_the_record(stack)) == []
        assert {path for path, _ in collector.bodies} >= {"/v1/traces", "/v1/metrics"}
        assert traces_in(persona.name, persona.digits, collector.bodies) == []
        # And the search does find them where they belong.
        assert traces(persona.name, persona.digits, files_below(apart[0]))


async def _rows_of_the_record(stack: Stack) -> list[tuple[str, bytes]]:
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-ledger-url").read_text().strip())
    try:
        rows = await rows_of(connection)
    finally:
        await connection.close()
    assert {"ledger.event", "outcome.call"} <= {name for name, _ in rows}
    return rows


async def _files_of_the_system_of_record(stack: Stack, data: Path) -> list[Path]:
    """Name the folders of the database `vertical`, whose rows also pass through the server's write-ahead log."""
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-ledger-url").read_text().strip())
    try:
        oid = await connection.fetchval("select oid from pg_database where datname = 'vertical'")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return [data / "base" / str(oid), data / "pg_wal"]


async def test_a_call_is_one_trace_in_all_processes_and_on_its_log(home: Path, collector: OtlpReceiver) -> None:
    if not collector.spans:
        await _demo(home, shipped_scripts()[0], "--no-wrap-up", collector=collector.address)
    call_id = json.loads((home / REPORT).read_text())["call_id"]
    async with Stack(home) as stack:
        identity = ServiceIdentity.load(stack.directory.keys, "worker", "worker-1")
        async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
            read = LedgerClient(channel).read(call_stream(call_id))
            traces = {
                (envelope.event.source.split("/")[0], envelope.event.trace_id)
                async for envelope in read
                if envelope.event.event.TypeName() not in AFTERWARDS
            }
        # The store's files are encrypted by it: what it hands out is what was published, and what is sealed.
        objects = await RecordDesk(stack, call_id).objects()
    [trace_id] = {trace for _, trace in traces if trace}
    # What desks say comes over a socket that no request of the call has opened.
    assert {component for component, trace in traces if not trace} <= {"gateway"}
    spans = collector.of_trace(trace_id)
    assert {span.service for span in spans} >= {"gateway", "ledger", "worker", "media-node", "voice-agent"}
    names = {span.name for span in spans}
    assert {"POST /v1/legs", "RunActivity:admit", "cordboard.media.v1.MediaNodeService/ApplyBatch"} <= names
    for persona in (load_script(path).persona for path in shipped_scripts()):
        assert traces_in(persona.name, persona.digits, collector.bodies) == []
        assert traces_in(persona.name, persona.digits, objects.items()) == []


async def test_one_wrong_event_on_a_true_record_and_replay_no_longer_equals_live(home: Path) -> None:
    if not (home / REPORT).exists():
        await _demo(home, shipped_scripts()[0], "--no-wrap-up")
    call_id = json.loads((home / REPORT).read_text())["call_id"]
    async with Stack(home) as stack:
        assert (await prove(stack, call_id, Story())).replay_equals_live
        await _plant(stack, call_id, SlotsTaken(slots=Slots(name="Somebody Else")))
        proof = await prove(stack, call_id, Story())
    assert proof.chain_valid
    assert not proof.replay_equals_live, "the chain holds, and the fold is another"


async def _plant(stack: Stack, call_id: str, event: Message) -> None:
    """Put a decision on a call's record that its workflow never took."""
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "worker-1")
    async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
        ledger, source = LedgerClient(channel), f"workflow/{call_id}"
        log = [envelope.event async for envelope in ledger.read(call_stream(call_id))]
        newest = max(one.source_seq for one in log if one.source == source)
        planted = NewEvent(stream=call_stream(call_id), event=pack(event), source=source, source_seq=newest + 1)
        planted.occurred_at.GetCurrentTime()
        await ledger.append([planted])


async def test_a_caller_that_the_engine_has_never_seen_is_served_too(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "unknown.json"
    path.write_text(json.dumps(UNKNOWN_CALLER))
    code, report, story = await _demo(home, path, "--no-wrap-up")
    assert report["faults"] == [], story
    assert code == 0


async def test_a_call_that_is_not_true_to_its_script_fails(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "liar.json"
    path.write_text(json.dumps(LIAR))
    code, report, story = await _demo(home, path, "--no-wrap-up")
    assert code == 1, story
    assert any("callback_number" in fault for fault in report["faults"])
