"""What was made of a call, on running servers and processes: who may open it, a legal hold, an erasure, and crashes."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from captured_call import TENANT
from finished_call import FinishedCall
from otlp_receiver import OtlpReceiver, otlp_receiver
from phi_canary import rows_of, traces_in
from record_desk import RecordDesk, gone
from temporalio.client import WorkflowExecutionStatus

from cordboard.cli.supervision.stack import Stack, destroy

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

READ, WHOLE = ("calls:read",), ("calls:read", "phi")
UNREDACTED = ("call", "transcript", "CALL", "--unredacted")
WHY = ("--reason", "case 7", "--tenant", TENANT)
SEALED = {"recording.sealed", "transcript.sealed", "redactions.sealed"}


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    """Whom the processes tell what they do and measure."""
    with otlp_receiver() as receiver, pytest.MonkeyPatch.context() as environment:
        environment.setenv("CORDBOARD_OTLP_ENDPOINT", receiver.address)
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, collector: OtlpReceiver) -> AsyncIterator[Stack]:
    """All that keeps and shows what was made of calls; nobody calls here."""
    home = tmp_path_factory.mktemp("made") / ".cordboard"
    async with Stack(home, counts={"media-node": 0, "voice-agent": 0, "worker": 0}) as running:
        yield running
    destroy(home)


async def test_what_was_made_of_a_call_opens_for_who_may_and_is_gone_when_the_call_is_erased(
    stack: Stack, collector: OtlpReceiver
) -> None:
    async with FinishedCall.on(stack) as call:
        await call.wrap_up()
        await call.finished()
    desk = RecordDesk(stack, call.call_id, TENANT)
    await _nothing_stands_in_clear(desk)
    await _nobody_sees_more_than_they_may(desk)
    await _a_held_call_stays(desk)
    await _an_erased_call_is_nobodys(desk)
    assert {path for path, _ in collector.bodies} == {"/v1/traces", "/v1/metrics"}
    assert traces_in("Thomas Walker", "5550176641", collector.bodies) == []


async def _nothing_stands_in_clear(desk: RecordDesk) -> None:
    connection = await asyncpg.connect((desk.stack.directory.secrets / "postgres-ledger-url").read_text().strip())
    try:
        rows = await rows_of(connection)
    finally:
        await connection.close()
    assert {"ledger.event", "outcome.call"} <= {name for name, data in rows if len(data) > 100}
    objects = await desk.objects()
    assert any(key.endswith("/transcript.txt") for key in objects)
    assert traces_in("Thomas Walker", "5550176641", [*rows, *objects.items()]) == []


async def _nobody_sees_more_than_they_may(desk: RecordDesk) -> None:
    refused = [await desk.ask(*UNREDACTED, scopes=READ), await desk.ask("outcome", "show", "CALL", scopes=("phi",))]
    assert [one.reason for one in refused] == ["SCOPE_MISSING", "SCOPE_MISSING"]
    for message in ("a transcript was refused", "an outcome was refused"):
        assert [line["reason"] for line in desk.gateway_log(message)] == ["SCOPE_MISSING"]
    assert await desk.log("TranscriptOpened") == []
    shown = await desk.ask(*UNREDACTED, scopes=WHOLE)
    words = [one["text"] for one in shown.said["original"]["utterances"]]
    assert "Thanks, Thomas Walker." in words
    assert [span["original"] for span in shown.said["redactions"]["spans"]] == ["Thomas Walker"]
    assert "Thanks, [NAME-1]." in [one["text"] for one in shown.said["redacted"]["utterances"]]
    [(envelope, fact)] = await desk.log("TranscriptOpened")
    assert (fact.on_behalf_of, envelope.event.actor) == ("engineer/eve", "engineer/eve")
    assert envelope.event.HasField("occurred_at")


async def _a_held_call_stays(desk: RecordDesk) -> None:
    assert (await desk.ask("ledger", "hold", "set", "CALL", *WHY)).code == 0
    assert (await desk.ask("ledger", "erase", "CALL", *WHY)).reason == "LEGAL_HOLD"
    [(envelope, fact)] = await desk.log("ErasureRefused")
    assert (fact.refusal, envelope.event.actor.split("/")[0]) == ("LEGAL_HOLD", "engineer")
    assert (await desk.ask(*UNREDACTED, scopes=WHOLE)).said["original"]
    assert (await desk.ask("ledger", "hold", "clear", "CALL", *WHY)).said == {"cleared": True}


async def _an_erased_call_is_nobodys(desk: RecordDesk) -> None:
    erased = await desk.ask("ledger", "erase", "CALL", *WHY)
    assert erased.code == 0, erased.reason
    assert erased.said["objects"]["removed"] >= 4
    assert erased.said["objects"]["kept"] == len(SEALED)
    left = {key.rpartition("/")[2] for key in await desk.objects() if desk.call_id in key}
    assert left == SEALED
    # The process that opened the transcript a moment ago had its key in memory.
    for scopes, command in ((READ, UNREDACTED[:-1]), (WHOLE, UNREDACTED)):
        assert (await desk.ask(*command, scopes=scopes)).reason == "ERASED"
    outcome = (await desk.ask("outcome", "show", "CALL", scopes=WHOLE)).said
    assert outcome["erased"]
    assert not {"summary", "slots"} & outcome.keys()
    shown = (await desk.ask("call", "show", "CALL", scopes=WHOLE)).said
    assert shown["erased_at"]
    assert shown["phase"] == "PHASE_FAILED"
    assert len(shown["wrap_up"]["objects"]) == len(SEALED)
    assert b"Walker" not in json.dumps([outcome, shown]).encode()
    assert (await desk.ask("ledger", "verify", "CALL")).said["valid"]
    assert (await desk.ask("replay", "state", "CALL")).code == 0


async def test_the_wrap_up_of_a_call_that_is_erased_first_ends_and_publishes_nothing(stack: Stack) -> None:
    await stack.kill("wrap-up", signal.SIGSTOP)
    try:
        async with FinishedCall.on(stack) as call:
            handle = await call.wrap_up()
            desk = RecordDesk(stack, call.call_id, TENANT)
            assert (await desk.ask("ledger", "erase", "CALL", *WHY, "--wait", "0")).said["objects"] is None
            await stack.kill("wrap-up", signal.SIGCONT)
            removed = await call.removed()
            assert (await handle.describe()).status == WorkflowExecutionStatus.TERMINATED
    finally:
        await stack.kill("wrap-up", signal.SIGCONT)
    assert removed.kept == 0
    assert not [key for key in await desk.objects() if call.call_id in key]
    assert (await desk.ask(*UNREDACTED[:-1], scopes=READ)).reason == "ERASED"


async def test_processes_that_crash_leave_no_core_file(stack: Stack) -> None:
    for name, pid in stack.pids().items():
        limits = Path(f"/proc/{pid}/limits").read_text()
        [core] = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core[4:6] == ["0", "0"], name
        assert int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16) == 0, name
    for component in ("wrap-up", "gateway", "ledger", "temporal", "s3"):
        await asyncio.wait_for(gone(await stack.kill(component, signal.SIGABRT)), 30)
    data = (stack.directory.root / "postgres" / "data").resolve()
    found = [path for root in (stack.directory.root, data, Path.cwd()) for path in root.glob("core*")]
    found += [path for path in stack.directory.root.rglob("core.*") if path.suffix != ".py"]
    assert [path for path in found if path.is_file()] == []
