"""How commands reach the running Cordboard: the ledger as the component `cli`, the gateway as a person or app."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.supervision.stack_state import StackState
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.cli.workflow_replay import Recording
from cordboard.core.errors import NotFoundError, UnavailableError
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceStub
from cordboard.runtime.grpc_channel import open_channel, open_user_channel
from cordboard.runtime.identity import ServiceIdentity, UserTokenIssuer
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient
from cordboard.runtime.settings import Settings
from cordboard.runtime.transport_security import TransportSecurity, secured
from cordboard.workflows.names import EXECUTION_TIMEOUT, workflow_id
from cordboard.workflows.script_contract import script_workflow_id
from cordboard.workflows.script_worker import NAMESPACE

LIFE = EXECUTION_TIMEOUT + timedelta(minutes=5)

if TYPE_CHECKING:
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub
    from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceAsyncStub


@asynccontextmanager
async def ledger_channel(home: Path, address: str = "") -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel to the ledger, by default the one that runs in the state directory."""
    directory = StateDirectory(home)
    identity = ServiceIdentity.load(directory.keys, "cli", f"cli-{os.getpid()}")
    with secured(_security(address)):
        opened = open_channel(address or _local(directory, "ledger"), identity, "ledger")
    async with opened as channel:
        yield channel


@asynccontextmanager
async def ledger_door(home: Path, address: str = "") -> AsyncIterator[LedgerClient]:
    """Open the ledger, by default the one that runs in the state directory."""
    async with ledger_channel(home, address) as channel:
        yield LedgerClient(channel, deadline=30)


@asynccontextmanager
async def key_door(home: Path, address: str = "") -> AsyncIterator[KeyClient]:
    """Open the ledger's keys, as `ledger_door` opens its log."""
    async with ledger_channel(home, address) as channel:
        yield KeyClient(channel)


async def fetch_history(home: Path, call_id: str, script: str = "") -> Recording:
    """Take a call's history, or that of its registered workflow, out of the Temporal of the state directory.

    Raises NotFoundError(CALL_NOT_FOUND), UnavailableError(TEMPORAL_AWAY).
    """
    known_as = script_workflow_id(call_id, script) if script else workflow_id(call_id)
    try:
        client = await Client.connect(_local(StateDirectory(home), "temporal"), namespace=NAMESPACE)
        return Recording(known_as, await client.get_workflow_handle(known_as).fetch_history())
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise NotFoundError("CALL_NOT_FOUND", "Temporal has no history of that call", call_id=call_id) from error
        raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error
    except RuntimeError as error:
        raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error


@asynccontextmanager
async def gateway_door(home: Path, address: str, token: str, tenant: str) -> AsyncIterator["CallServiceAsyncStub"]:
    """Open the gateway, with the given token or one of an app minted with the folder's keys."""
    async with _gateway_channel(home, address, token, tenant) as channel:
        yield CallServiceStub(channel)


@asynccontextmanager
async def registry_door(
    home: Path, address: str, token: str, tenant: str
) -> AsyncIterator["WorkflowRegistryServiceAsyncStub"]:
    """Open the gateway's registry of workflows, as `gateway_door` opens its calls."""
    async with _gateway_channel(home, address, token, tenant) as channel:
        yield WorkflowRegistryServiceStub(channel)


def mint_app_token(directory: StateDirectory, tenant: str) -> str:
    """Mint a token that may start, read and steer the tenant's calls and register workflows.

    It lives for as long as the longest of the calls is watched.
    """
    scopes = ("calls:start", "calls:read", "calls:steer", "workflows:register")
    return UserTokenIssuer.load(directory.keys).mint(
        role="app", tenant=tenant, scopes=scopes, ttl=LIFE, subject="cordboard-cli"
    )


def _gateway_channel(home: Path, address: str, token: str, tenant: str) -> grpc.aio.Channel:
    directory = StateDirectory(home)
    where = address or _local(directory, "gateway")
    with secured(_security(address)):
        return open_user_channel(where, token or mint_app_token(directory, tenant))


def _security(address: str) -> TransportSecurity:
    """What runs in this folder speaks plaintext on loopback; elsewhere the settings say what is spoken."""
    return TransportSecurity.of(Settings.from_env()) if address else TransportSecurity()


def _local(directory: StateDirectory, component: str) -> str:
    address = StackState.load(directory).address(component, "grpc")
    if not address:
        raise UnavailableError("NOT_READY", "it does not serve yet", component=component)
    return address
