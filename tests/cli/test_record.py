"""The commands on a real record: a ledger process on a real PostgreSQL."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import call_story
import pytest
import pytest_asyncio

from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.event_message import pack
from cordboard.core.state_digest import state_digest
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import LedgerClient, call_stream

pytestmark = pytest.mark.asyncio(loop_scope="module")


def record_only(directory: StateDirectory, ports: PortBook) -> list[Service]:
    everything = [*catalogue.servers(directory, ports), *catalogue.processes(directory, ports, {})]
    return [service for service in everything if service.name in {"postgres", "ledger-1"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    home = tmp_path_factory.mktemp("record") / ".cordboard"
    async with Stack(home, describe=record_only) as running:
        yield running
    destroy(home)


async def cordboard(stack: Stack, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command, and give its exit code and the JSON it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cordboard.cli", *arguments, "--home", str(stack.directory.root), "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out) if out else {"stderr": errors.decode()}


async def record_call(stack: Stack, story: call_story.Story) -> str:
    """Put a call's decisions on the record, as its workflow does."""
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "worker-1")
    async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
        ledger = LedgerClient(channel)
        opened = await ledger.open_call(
            tenant="clinic", request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical="healthcare"
        )
        events = []
        for number, (event, at_us) in enumerate(story.log, 1):
            new = NewEvent(
                stream=call_stream(opened.call_id),
                event=pack(event),
                source=f"workflow/{opened.call_id}",
                source_seq=number,
            )
            new.occurred_at.FromMicroseconds(at_us)
            events.append(new)
        await ledger.append(events)
    return opened.call_id


@pytest.fixture
def story() -> call_story.Story:
    return call_story.Story([call_story.begin(), call_story.add(call_story.CALLER, LEG_ROLE_CALLER)])


async def test_a_call_is_folded_from_its_rows(stack: Stack, story: call_story.Story) -> None:
    call_id = await record_call(stack, story)
    code, rebuilt = await cordboard(stack, "replay", "state", call_id)
    assert code == 0, rebuilt
    assert rebuilt["digest"] == state_digest(story.state)
    assert rebuilt["state"]["legs"]


async def test_a_call_is_folded_up_to_a_sequence(stack: Stack, story: call_story.Story) -> None:
    call_id = await record_call(stack, story)
    code, rebuilt = await cordboard(stack, "replay", "state", call_id, "--at", "2")
    assert code == 0, rebuilt
    assert rebuilt["seq"] == 2
    assert not rebuilt["state"]["legs"]


async def test_an_unknown_call_is_not_found(stack: Stack) -> None:
    code, said = await cordboard(stack, "replay", "state", str(uuid.uuid4()))
    assert code == 4
    assert said["stderr"].startswith("CALL_NOT_FOUND: ")


async def test_verify_finds_one_changed_byte(stack: Stack, story: call_story.Story) -> None:
    call_id = await record_call(stack, story)
    code, result = await cordboard(stack, "ledger", "verify", "--all")
    assert (code, result["valid"]) == (0, True)
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-ledger-url").read_text())
    await connection.execute("set ledger.maintenance = 'on'")
    changed = "update ledger.event set body = set_byte(body, 0, get_byte(body, 0) # 1) where stream_id = $1 and seq = 2"
    assert await connection.execute(changed, call_id) == "UPDATE 1"
    for target in ("--all", call_id):
        code, result = await cordboard(stack, "ledger", "verify", target)
        assert (code, result["valid"]) == (1, False)
        assert result["faults"][0]["stream"] == f"call/{call_id}"
        assert result["faults"][0]["seq"] == 2
    assert await connection.execute(changed, call_id) == "UPDATE 1"
    await connection.close()
    assert (await cordboard(stack, "ledger", "verify", "--all"))[0] == 0


async def test_verify_counts_and_finds_a_call_that_was_deleted(
    stack: Stack, story: call_story.Story, tmp_path: Path
) -> None:
    call_id = await record_call(stack, story)
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-ledger-url").read_text())
    async with asyncio.timeout(60):
        newest = await connection.fetchval("select max(position) from ledger.event")
        while (await connection.fetchval("select max(position) from ledger.anchor") or 0) < newest:
            await asyncio.sleep(0.1)
    copies = tmp_path / "copies.jsonl"
    exporting = (sys.executable, "-m", "cordboard.cli", "ledger", "anchors", "export", "--out", str(copies))
    process = await asyncio.create_subprocess_exec(*exporting, "--home", str(stack.directory.root))
    assert await process.wait() == 0
    code, result = await cordboard(stack, "ledger", "verify", "--all", "--anchors", str(copies))
    assert (code, result["valid"], result["faults"]) == (0, True, [])
    assert (result["anchors"], result["anchored_position"]) == (len(copies.read_text().splitlines()), newest)
    assert result["events"] == await connection.fetchval("select count(*) from ledger.event")
    assert result["streams"] == await connection.fetchval("select count(*) from ledger.stream")
    async with connection.transaction():
        await connection.execute("set local ledger.maintenance = 'on'")
        for table, column in (("event", "stream_id"), ("stream", "id"), ("call_key", "call_id"), ("call", "call_id")):
            await connection.execute(
                f"create table kept_{table} as select * from ledger.{table} where {column} = $1", call_id
            )
            await connection.execute(f"delete from ledger.{table} where {column} = $1", call_id)
    code, result = await cordboard(stack, "ledger", "verify", "--all")
    assert (code, result["valid"]) == (1, False)
    assert [(one["stream"], one["reason"]) for one in result["faults"]] == [(f"call/{call_id}", "STREAM_MISSING")]
    async with connection.transaction():
        for table in ("call", "call_key", "stream", "event"):
            await connection.execute(f"insert into ledger.{table} select * from kept_{table}")
            await connection.execute(f"drop table kept_{table}")
    await connection.close()
    assert (await cordboard(stack, "ledger", "verify", "--all"))[0] == 0


async def test_keys_are_rotated_and_a_call_is_held_and_erased(stack: Stack, story: call_story.Story) -> None:
    call_id = await record_call(stack, story)
    clinic = ("--tenant", "clinic")
    why = ("--reason", "case 7")
    _, before = await cordboard(stack, "ledger", "keys", "list", *clinic)
    code, rotated = await cordboard(stack, "ledger", "keys", "rotate", *clinic)
    assert (code, rotated["rotated"]) == (0, True)
    _, rewrapped = await cordboard(stack, "ledger", "keys", "rewrap", *clinic)
    assert (rewrapped["rewrapped"], rewrapped["failed"]) == (sum(before["calls"].values()), 0)
    assert (await cordboard(stack, "ledger", "keys", "retire", before["current"], *clinic))[0] == 0
    _, held = await cordboard(stack, "ledger", "hold", "set", call_id, *why, *clinic)
    assert held["hold"]["reason"] == "case 7"
    assert (await cordboard(stack, "ledger", "hold", "list", *clinic))[1]["holds"] == [held["hold"]]
    erase = ("ledger", "erase", call_id, *why, "--force", *clinic)
    code, said = await cordboard(stack, *erase)
    assert code != 0
    assert said["stderr"].startswith("LEGAL_HOLD: ")
    assert (await cordboard(stack, "ledger", "hold", "clear", call_id, *why, *clinic))[1] == {"cleared": True}
    code, erased = await cordboard(stack, *erase)
    assert code == 0, erased
    assert (await cordboard(stack, "ledger", "verify", call_id))[1]["valid"]
    code, rebuilt = await cordboard(stack, "replay", "state", call_id)
    assert (code, rebuilt["digest"]) == (0, state_digest(story.state))


async def test_the_worker_has_no_right_to_the_record(stack: Stack) -> None:
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-worker-url").read_text())
    await connection.execute("create schema if not exists own")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from ledger.event")
    await connection.close()


async def test_the_folder_of_a_running_stack_is_kept(stack: Stack) -> None:
    home: Path = stack.directory.root
    code, state = await cordboard(stack, "status")
    assert code == 0
    assert [process["name"] for process in state["processes"]] == ["postgres", "ledger-1"]
    assert state["home"] == str(home)
