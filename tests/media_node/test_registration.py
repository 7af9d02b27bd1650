"""Staying known to the registry."""

import asyncio
from collections.abc import Callable

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status

from cordboard.core.errors import NotFoundError
from cordboard.media_node.registration import Registration
from cordboard.registry.v1.node_registry_service_pb2 import (
    HeartbeatRequest,
    HeartbeatResponse,
    Node,
    RegisterRequest,
    RegisterResponse,
)
from cordboard.runtime.error_table import to_status


class ListedRegistry:
    """Grants leases of 30 ms; `refuse` makes it fail a number of heartbeats with LEASE_LOST."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.refuse = 0
        self._news = asyncio.Event()

    async def Register(self, request: RegisterRequest, *, timeout: float) -> RegisterResponse:
        self._note("register", request.node)
        return RegisterResponse(lease=Duration(nanos=30_000_000))

    async def Heartbeat(self, request: HeartbeatRequest, *, timeout: float) -> HeartbeatResponse:
        self._note("heartbeat", request.node)
        if self.refuse:
            self.refuse -= 1
            raise _rpc_error()
        return HeartbeatResponse(lease=Duration(nanos=30_000_000))

    async def until(self, condition: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition([name for name, _ in self.calls]):
                await self._news.wait()
                self._news.clear()

    def _note(self, name: str, node: Node) -> None:
        self.calls.append((name, node.load))
        self._news.set()


def _rpc_error() -> grpc.aio.AioRpcError:
    status = rpc_status.to_status(to_status(NotFoundError("LEASE_LOST", "register again")))
    return grpc.aio.AioRpcError(
        status.code, grpc.aio.Metadata(), grpc.aio.Metadata(*status.trailing_metadata), status.details
    )


@pytest.fixture
def registry() -> ListedRegistry:
    return ListedRegistry()


async def run_until(registry: ListedRegistry, condition: Callable[[list[str]], bool]) -> None:
    loads = iter(range(1_000))
    running = asyncio.create_task(Registration(registry, lambda: Node(node_id="m1", load=next(loads))).run())
    await registry.until(condition)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_it_registers_once_and_then_renews_with_its_load_of_the_moment(registry: ListedRegistry) -> None:
    await run_until(registry, lambda names: len(names) >= 3)
    assert registry.calls[:3] == [("register", 0), ("heartbeat", 1), ("heartbeat", 2)]


async def test_a_lost_lease_is_taken_anew_at_once(registry: ListedRegistry) -> None:
    registry.refuse = 1
    await run_until(registry, lambda names: names.count("register") == 2)
    assert [name for name, _ in registry.calls] == ["register", "heartbeat", "register"]


async def test_it_can_tell_once_more_how_the_process_stands(registry: ListedRegistry) -> None:
    registration = Registration(registry, lambda: Node(node_id="m1", load=7, draining=True))
    await registration.tell_once()
    registry.refuse = 1
    await registration.tell_once()
    assert registry.calls == [("heartbeat", 7), ("heartbeat", 7)]
