"""Keeps the node known to the registry, with its load."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from google.protobuf.duration_pb2 import Duration

from cordboard.core.errors import CordboardError
from cordboard.registry.v1.node_registry_service_pb2 import (
    HeartbeatRequest,
    HeartbeatResponse,
    Node,
    RegisterRequest,
    RegisterResponse,
)
from cordboard.runtime.grpc_channel import translate_errors

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_DEADLINE_SECONDS = 2.0


class NodeRegistry(Protocol):
    """What registration needs of the NodeRegistryService's stub."""

    async def Register(self, request: RegisterRequest, *, timeout: float) -> RegisterResponse:  # noqa: N802
        """Announce the process."""
        ...

    async def Heartbeat(self, request: HeartbeatRequest, *, timeout: float) -> HeartbeatResponse:  # noqa: N802
        """Renew the lease."""
        ...


class Registration:
    """Registers the process and renews its lease in a third of the lease's length, for as long as it runs."""

    def __init__(self, registry: NodeRegistry, describe: Callable[[], Node]) -> None:
        """Make a registration; `describe` gives the process with its load of the moment."""
        self._registry = registry
        self._describe = describe

    async def run(self) -> None:
        """Stay registered until cancelled. A registry that is away is asked again each second."""
        registered = False
        while True:
            try:
                lease = await (self._renew() if registered else self._register())
            except CordboardError as error:
                registered = registered and error.reason != "LEASE_LOST"
                _log.warning("the registry did not take the node", extra={"reason": error.reason})
                pause = 0.0 if error.reason == "LEASE_LOST" else _RETRY_SECONDS
            else:
                registered = True
                pause = lease.ToMicroseconds() / 3e6
            await asyncio.sleep(pause)

    async def tell_once(self) -> None:
        """Tell the registry how the process stands now, such as that it drains; a registry that is away is fine."""
        try:
            await self._renew()
        except CordboardError as error:
            _log.warning("the registry was not told", extra={"reason": error.reason})

    async def _register(self) -> Duration:
        async with translate_errors():
            response = await self._registry.Register(RegisterRequest(node=self._describe()), timeout=_DEADLINE_SECONDS)
        return response.lease

    async def _renew(self) -> Duration:
        async with translate_errors():
            response = await self._registry.Heartbeat(
                HeartbeatRequest(node=self._describe()), timeout=_DEADLINE_SECONDS
            )
        return response.lease
