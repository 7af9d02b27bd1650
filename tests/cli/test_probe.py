"""What `cordboard status` finds out by asking."""

import socket
from pathlib import Path

import pytest

from cordboard.cli.supervision.probe import probed
from cordboard.cli.supervision.stack_state import ServiceState, StackState
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import TokenVerifier, create_keys


async def _asked(service: ServiceState) -> tuple[str, str]:
    state = await probed(StackState("home", services={service.name: service}), patience=0.5)
    found = state.services[service.name]
    assert state.is_healthy == (found.health == "ready")
    return found.health, found.note


@pytest.mark.parametrize(("serving", "health"), [(True, "ready"), (False, "hung")])
async def test_a_process_is_asked_for_its_health(tmp_path: Path, serving: bool, health: str) -> None:
    create_keys(tmp_path)
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(tmp_path), "worker", serving=serving)
    port = await server.start()
    try:
        found = await _asked(ServiceState("worker-1", "process", "ready", addresses={"grpc": f"127.0.0.1:{port}"}))
        assert found[0] == health
    finally:
        await server.stop(0)


@pytest.mark.parametrize(
    ("name", "kind", "address"),
    [
        ("ledger-1", "grpc", "127.0.0.1:{port}"),
        ("gateway-1", "http", "http://127.0.0.1:{port}"),
        ("postgres", "sql", "127.0.0.1:{port}"),
    ],
)
async def test_what_listens_and_does_not_answer_hangs(name: str, kind: str, address: str) -> None:
    # The kernel takes the connection; nobody accepts it, so nothing has to be closed behind a probe that gave up.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = address.format(port=silent.getsockname()[1])
        found = await _asked(ServiceState(name, "process", "ready", addresses={kind: where}))
    assert found == ("hung", "does not answer")


async def test_what_does_not_claim_to_be_ready_is_not_asked() -> None:
    starting = ServiceState("ledger-1", "process", "starting", addresses={"grpc": "127.0.0.1:1"})
    assert await _asked(starting) == ("starting", "")
