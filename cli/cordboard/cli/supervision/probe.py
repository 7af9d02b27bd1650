"""Asks what runs whether it really serves: a process that lives may hang all the same."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cordboard.cli.supervision.stack_state import ServiceState, StackState
from cordboard.runtime.grpc_channel import open_plain_channel

PATIENCE = 2.0
# The postmaster answers a request for TLS with one byte before anybody is asked who they are.
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_TEMPORAL_SERVICE = "temporal.api.workflowservice.v1.WorkflowService"


async def probed(state: StackState, patience: float = PATIENCE) -> StackState:
    """Give the state as it is now: what was ready and does not answer within `patience` seconds is `hung`."""

    async def look(service: ServiceState) -> ServiceState:
        if service.health != "ready":
            return service
        note = "does not answer"
        with contextlib.suppress(TimeoutError, OSError, grpc.aio.AioRpcError, aiohttp.ClientError):
            async with asyncio.timeout(patience):
                note = await _fault(service)
        return replace(service, health="hung", note=note) if note else service

    seen = await asyncio.gather(*(look(service) for service in state.services.values()))
    return replace(state, services={service.name: service for service in seen})


async def _fault(service: ServiceState) -> str:
    """Ask a service at each of its addresses; give what is wrong, empty when all is well."""
    ask: Callable[[str], Awaitable[str]]
    for kind, address in service.addresses.items():
        if kind == "grpc":
            ask = _ask_temporal if service.name == "temporal" else _ask_health
        elif kind == "http":
            ask = _ask_ready if service.kind == "process" else _ask_healthz
        elif kind == "sql":
            ask = _ask_postgres
        else:
            continue
        if fault := await ask(address):
            return fault
    return ""


async def _ask_health(address: str, service: str = "") -> str:
    async with open_plain_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return "" if answer.status == health_pb2.HealthCheckResponse.SERVING else "does not serve now"


async def _ask_temporal(address: str) -> str:
    return await _ask_health(address, _TEMPORAL_SERVICE)


async def _ask_ready(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
        if response.status == HTTPStatus.OK:
            return ""
        problem = await response.json(content_type=None)
        return str(problem.get("reason", "")) if isinstance(problem, dict) else f"answers {response.status}"


async def _ask_healthz(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as response:
        return "" if response.status == HTTPStatus.OK else f"answers {response.status}"


async def _ask_postgres(address: str) -> str:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_SSL_REQUEST)
        return "" if await reader.readexactly(1) in (b"N", b"S") else "does not speak PostgreSQL"
    except asyncio.IncompleteReadError:
        return "closed the connection"
    finally:
        writer.close()
