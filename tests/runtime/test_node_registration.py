"""The process in the registry: announced, renewed, announced again after a loss, patient with an absent ledger."""

import asyncio

from cordboard.core.errors import CordboardError, NotFoundError, UnavailableError
from cordboard.registry.v1.node_registry_service_pb2 import Node
from cordboard.runtime.node_registration import Registration


class MemoryRegistry:
    def __init__(self, *failures: CordboardError | None) -> None:
        self.calls: list[str] = []
        self.changed = asyncio.Event()
        self._failures = list(failures)

    async def register(self, node: Node) -> float:
        return self._take(f"register {node.node_id} {node.draining}")

    async def heartbeat(self, node: Node) -> float:
        return self._take(f"heartbeat {node.node_id} {node.draining}")

    def _take(self, what: str) -> float:
        self.calls.append(what)
        self.changed.set()
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        return 0.0

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.calls) < count:
                self.changed.clear()
                await self.changed.wait()


async def run(registry: MemoryRegistry, count: int) -> list[str]:
    registration = Registration(registry, lambda: Node(node_id="voice-1"), retry_s=0.0)
    task = asyncio.create_task(registration.run())
    await registry.until(count)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [call.split()[0] for call in registry.calls[:count]]


async def test_a_process_announces_itself_and_renews() -> None:
    assert await run(MemoryRegistry(), 3) == ["register", "heartbeat", "heartbeat"]


async def test_an_absent_registry_is_asked_again() -> None:
    away = UnavailableError("PEER_AWAY", "away")
    assert await run(MemoryRegistry(away, away), 4) == ["register", "register", "register", "heartbeat"]


async def test_a_lost_lease_is_announced_anew() -> None:
    lost = NotFoundError("LEASE_LOST", "lost")
    assert await run(MemoryRegistry(None, lost), 4) == ["register", "heartbeat", "register", "heartbeat"]


async def test_a_change_is_told_at_once() -> None:
    registry = MemoryRegistry()
    draining = False
    registration = Registration(registry, lambda: Node(node_id="voice-1", draining=draining), retry_s=30.0)
    task = asyncio.create_task(registration.run())
    await registry.until(1)
    draining = True
    registration.announce()
    await registry.until(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert registry.calls[1] == "heartbeat voice-1 True"


async def test_how_the_process_stands_is_told_once_more_whether_or_not_anybody_listens() -> None:
    registry = MemoryRegistry(None, UnavailableError("PEER_AWAY", "away"))
    registration = Registration(registry, lambda: Node(node_id="voice-1", draining=True))
    await registration.tell()
    await registration.tell()
    assert registry.calls == ["heartbeat voice-1 True"] * 2
