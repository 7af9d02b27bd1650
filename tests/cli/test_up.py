"""`cordboard up` as a person runs it: everything, in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from cordboard.cli.supervision import process_table
from cordboard.cli.supervision.stack import destroy

SERVERS = {"postgres", "s3", "temporal"}
PROCESSES = {"ledger-1", "media-node-1", "voice-agent-1", "worker-1", "worker-2", "wrap-up-1", "gateway-1"}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cordboard.cli", "up", "--json", "--home", str(home), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def descendants(pid: int) -> set[int]:
    """Give the process ids of a process's children, and theirs."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(stat.parent.name)
                found |= {child} | descendants(child)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("up") / ".cordboard"
    yield made
    destroy(made)


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running `cordboard up` with what it said when all was ready."""
    process = start(home, "--workers", "2")
    assert process.stdout
    said = process.stdout.readline()
    assert said, process.communicate()[1]
    yield process, json.loads(said)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.communicate()


def test_everything_is_ready_and_the_gateway_comes_first(running: tuple[Any, dict[str, Any]], home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cordboard.cli", "status", "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    status = json.loads(ended.stdout)
    assert list(status)[:2] == ["grpc", "http"]
    assert (status["grpc"], status["http"]) == (running[1]["grpc"], running[1]["http"])
    assert {process["name"] for process in status["processes"]} == SERVERS | PROCESSES
    assert {process["health"] for process in status["processes"]} == {"ready"}


def test_every_grpc_server_of_the_engine_answers_the_health_check(running: tuple[Any, dict[str, Any]]) -> None:
    engine = [process for process in running[1]["processes"] if process["kind"] == "process"]
    addresses = [process["addresses"]["grpc"] for process in engine if "grpc" in process["addresses"]]
    assert len(addresses) >= 4
    for address in addresses:
        with grpc.insecure_channel(address) as channel:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            answer = check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_second_up_in_the_folder_says_so(running: tuple[Any, dict[str, Any]], home: Path) -> None:
    second = start(home)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 5
    assert errors.startswith("ALREADY_RUNNING: ")
    assert str(running[0].pid) in errors


def test_ctrl_c_stops_everything_and_leaves_nothing(running: tuple[subprocess.Popen[str], dict[str, Any]]) -> None:
    process, said = running
    everything = descendants(process.pid)
    assert {service["pid"] for service in said["processes"]} <= everything
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert not [pid for pid in everything if process_table.is_alive(pid)]
