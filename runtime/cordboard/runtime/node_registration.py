"""This process in the node registry: announced, renewed, announced again when the lease was lost."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import grpc
from google.protobuf.duration_pb2 import Duration

from cordboard.core.errors import CordboardError
from cordboard.registry.v1.node_registry_service_pb2 import HeartbeatRequest, Node, RegisterRequest
from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceStub
from cordboard.runtime.grpc_channel import translate_errors

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.registry.v1.node_registry_service_pb2_grpc import NodeRegistryServiceAsyncStub

_log = logging.getLogger(__name__)

RETRY_S = 0.5
TIMEOUT_S = 2.0


class Registry(Protocol):
    """Where processes announce themselves."""

    async def register(self, node: Node) -> float:
        """Announce the process, and give the lease in seconds. Raises CordboardError."""
        ...

    async def heartbeat(self, node: Node) -> float:
        """Renew the lease. Raises CordboardError, LEASE_LOST among them."""
        ...


class GrpcRegistry:
    """The registry in the ledger process."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """Take the channel to the ledger."""
        self._stub: NodeRegistryServiceAsyncStub = NodeRegistryServiceStub(channel)

    async def register(self, node: Node) -> float:
        """Announce the process, and give the lease in seconds. Raises CordboardError."""
        async with translate_errors():
            response = await self._stub.Register(RegisterRequest(node=node), timeout=TIMEOUT_S)
        return _seconds(response.lease)

    async def heartbeat(self, node: Node) -> float:
        """Renew the lease. Raises CordboardError, LEASE_LOST among them."""
        async with translate_errors():
            response = await self._stub.Heartbeat(HeartbeatRequest(node=node), timeout=TIMEOUT_S)
        return _seconds(response.lease)


class Registration:
    """Keeps the process announced for as long as it runs; an absent ledger is waited for."""

    def __init__(self, registry: Registry, describe: Callable[[], Node], *, retry_s: float = RETRY_S) -> None:
        """Take the registry, a function that describes this process as it is now, and the least pause."""
        self._retry_s = retry_s
        self._registry = registry
        self._describe = describe
        self._registered = False
        self._changed = asyncio.Event()

    def announce(self) -> None:
        """Renew at once, as when the process begins to drain."""
        self._changed.set()

    async def tell(self) -> None:
        """Tell the registry once more how the process stands, such as that it drains; an absent one is fine."""
        try:
            await self._registry.heartbeat(self._describe())
        except CordboardError as error:
            _log.warning("the registry was not told", extra={"reason": error.reason})

    async def run(self) -> None:
        """Announce and renew until cancelled."""
        while True:
            pause_s = await self._renew()
            try:
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()

    async def _renew(self) -> float:
        node = self._describe()
        try:
            if self._registered:
                lease_s = await self._registry.heartbeat(node)
            else:
                lease_s = await self._registry.register(node)
                self._registered = True
        except CordboardError as error:
            if error.reason == "LEASE_LOST":
                self._registered = False
                return 0.0
            _log.warning("the registry is away", extra={"reason": error.reason})
            return self._retry_s
        return max(self._retry_s, lease_s / 3)


def _seconds(duration: Duration) -> float:
    return duration.ToMicroseconds() / 1_000_000
