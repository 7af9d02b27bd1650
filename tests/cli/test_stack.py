"""The real servers of a folder: PostgreSQL, SeaweedFS and Temporal, started, killed, moved and stopped."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cordboard.cli.supervision import catalogue, process_table
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.cli.supervision.stack_state import StackState
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import ConflictError, UnavailableError

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from cordboard.cli.supervision import catalogue
from cordboard.cli.supervision.stack import Stack

async def main() -> None:
    async with Stack(Path(sys.argv[1]), describe=catalogue.servers):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The servers of one folder."""
    home = tmp_path_factory.mktemp("folder") / ".cordboard"
    async with Stack(home, describe=catalogue.servers) as running:
        yield running
    destroy(home)


async def test_each_server_is_the_one_that_was_started(stack: Stack) -> None:
    for name, address in (("postgres", "sql"), ("s3", "http"), ("temporal", "grpc")):
        port = int(stack.address(name, address).rpartition(":")[2])
        assert port < 32_768
        assert process_table.owns_port(stack.pids()[name], port)


async def test_both_databases_are_there(stack: Stack) -> None:
    for access, database in (("ledger", "cordboard"), ("worker", "cordboard"), ("vertical", "vertical")):
        url = (stack.directory.secrets / f"postgres-{access}-url").read_text()
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_database()") == database
        await connection.close()


async def test_only_the_user_can_read_what_is_kept(stack: Stack) -> None:
    assert stack.directory.root.stat().st_mode & 0o777 == 0o700
    secrets = list(stack.directory.secrets.iterdir())
    assert secrets
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in secrets)


async def test_no_secret_stands_on_a_command_line(stack: Stack) -> None:
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in stack.pids().values()]
    for file in stack.directory.secrets.iterdir():
        assert not [line for line in lines if file.read_text() in line]


@pytest.mark.parametrize("name", ["postgres", "s3", "temporal"])
async def test_a_killed_server_comes_back_at_its_address(stack: Stack, name: str) -> None:
    addresses = dict(stack.state.services[name].addresses)
    killed = await stack.kill(name)
    await asyncio.wait_for(stack.ready(name), 30)
    assert stack.pids()[name] != killed
    assert stack.state.services[name].addresses == addresses
    assert stack.state.services[name].restarts == 1


async def test_the_same_folder_runs_once(stack: Stack) -> None:
    with pytest.raises(ConflictError, match="ALREADY_RUNNING"):
        await Stack(stack.directory.root, describe=catalogue.servers).__aenter__()


async def test_the_state_can_be_read_by_others(stack: Stack) -> None:
    state = StackState.load(StateDirectory(stack.directory.root))
    assert state.is_healthy
    assert {name: service.pid for name, service in state.services.items()} == stack.pids()


async def test_a_second_folder_runs_at_the_same_time_and_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    home = tmp_path / ".cordboard"
    async with Stack(home, describe=catalogue.servers) as other:
        pids = other.pids()
        addresses = {address for state in other.state.services.values() for address in state.addresses.values()}
    assert not addresses & {address for state in stack.state.services.values() for address in state.addresses.values()}
    assert not [name for name, pid in pids.items() if process_table.group_members(pid)]
    with pytest.raises(UnavailableError, match="NOT_RUNNING"):
        StackState.load(StateDirectory(home))
    destroy(home)


async def test_a_killed_supervisor_leaves_no_process_and_its_data_is_found_again(tmp_path: Path) -> None:
    home = tmp_path / ".cordboard"
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(home)], stdout=subprocess.PIPE)
    assert supervisor.stdout
    assert await asyncio.to_thread(supervisor.stdout.readline) == b"up\n"
    pids = [service["pid"] for service in json.loads((home / "state.json").read_text())["processes"]]
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    supervisor.stdout.close()
    async with asyncio.timeout(20):
        while any(process_table.group_members(pid) for pid in pids):
            await asyncio.sleep(0.02)
    # The postgres port was taken meanwhile: another one is chosen, and the URL says so.
    taken = json.loads((home / "ports.json").read_text())["postgres.sql"]
    with socket.create_server(("127.0.0.1", taken)):
        async with Stack(home, describe=catalogue.servers) as stack:
            address = stack.address("postgres", "sql")
            assert address != f"127.0.0.1:{taken}"
            assert address in (home / "secrets" / "postgres-ledger-url").read_text()
    destroy(home)
