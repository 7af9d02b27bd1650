"""Engine processes under supervision, with a stand-in for the process itself."""

import asyncio
import errno
import json
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest

from cordboard.cli.supervision import process_table
from cordboard.cli.supervision.engine_process import EngineProcess, Role
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.stack_state import ServiceState
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import UnavailableError

SUPPORT = str(Path(__file__).parents[1] / "support")
FIRST = Role("ledger", "engine_twin", needs=(), settings=("CORDBOARD_POSTGRES_URL_FILE",))
SECOND = Role("gateway", "engine_twin", needs=("ledger-1",), settings=("CORDBOARD_LEDGER",))


@pytest.fixture(autouse=True)
def _twin_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", SUPPORT)


def describe(*roles: Role) -> Callable[[StateDirectory, PortBook], list[Service]]:
    def described(directory: StateDirectory, ports: PortBook) -> list[Service]:
        def shared() -> dict[str, str]:
            return {
                "CORDBOARD_LEDGER": ports.address("ledger-1.grpc"),
                "CORDBOARD_POSTGRES_URL_FILE": str(directory.secrets / "url"),
            }

        return [EngineProcess(role, 1, directory, ports, shared) for role in roles]

    return described


def settings_of(home: Path, instance: str) -> dict[str, str]:
    settings: dict[str, str] = json.loads((home / f"{instance}.settings.json").read_text())
    return settings


async def test_a_process_gets_its_own_settings_and_no_others(tmp_path: Path) -> None:
    async with Stack(tmp_path, describe=describe(FIRST, SECOND)) as stack:
        assert settings_of(tmp_path, "ledger-1").keys() >= {"CORDBOARD_POSTGRES_URL_FILE", "CORDBOARD_KEYS_DIR"}
        gateway = settings_of(tmp_path, "gateway-1")
        assert "CORDBOARD_POSTGRES_URL_FILE" not in gateway
        assert gateway["CORDBOARD_LEDGER"] == stack.address("ledger")
        assert stack.gateway_grpc == gateway["CORDBOARD_LISTEN"]


async def test_a_process_that_dies_is_started_again_and_those_that_need_it_stay(tmp_path: Path) -> None:
    async with Stack(tmp_path, describe=describe(FIRST, SECOND)) as stack:
        before = stack.pids()
        await stack.kill("ledger", SIGKILL)
        await asyncio.wait_for(stack.ready("ledger"), 20)
        assert stack.pids()["ledger-1"] != before["ledger-1"]
        assert stack.pids()["gateway-1"] == before["gateway-1"]
        assert stack.state.services["ledger-1"].restarts == 1


async def test_a_process_that_never_serves_fails_the_start_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORDBOARD_LOG_LEVEL", "BROKEN")
    stack = Stack(tmp_path, describe=describe(FIRST, SECOND))
    with pytest.raises(UnavailableError, match="PROCESS_ENDED"):
        await stack.__aenter__()
    assert stack.pids() == {}
    assert "cannot serve" in (tmp_path / "logs" / "ledger-1.log").read_text()


async def test_a_disk_that_is_full_fails_the_start_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(self: EngineProcess) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(EngineProcess, "prepare", full)
    stack = Stack(tmp_path, describe=describe(FIRST))
    with pytest.raises(UnavailableError, match="START_FAILED"):
        await stack.__aenter__()
    assert stack.pids() == {}


async def test_what_a_process_says_is_in_its_log(tmp_path: Path) -> None:
    async with Stack(tmp_path, describe=describe(FIRST)):
        pass
    assert '"ready": true' in (tmp_path / "logs" / "ledger-1.log").read_text()


async def test_a_start_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    began = asyncio.Event()

    def observe(state: ServiceState) -> None:
        if state.pid:
            began.set()

    stack = Stack(tmp_path, describe=describe(FIRST, SECOND), observe=observe)
    starting = asyncio.create_task(stack.__aenter__())
    await began.wait()
    pids = list(stack.pids().values())
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert pids
    assert not [pid for pid in pids if process_table.is_alive(pid)]
