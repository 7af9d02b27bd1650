"""`cordboard workflow`: register workflows of a platform team, and see what is registered."""

import asyncio
import uuid
from pathlib import Path
from typing import Annotated

import typer

from cordboard.cli.doors import registry_door
from cordboard.cli.options import DEFAULT_HOME, DEFAULT_TENANT, Gateway, Home, Json, Tenant, Token
from cordboard.cli.output import console, print_json, table
from cordboard.cli.registration_file import read_registration, show_registration
from cordboard.core.errors import NotFoundError
from cordboard.registry.v1.workflow_registry_service_pb2 import (
    ListWorkflowsRequest,
    RegisterWorkflowRequest,
    WorkflowEntry,
)
from cordboard.runtime.grpc_channel import translate_errors

workflow = typer.Typer(name="workflow", no_args_is_help=True, help="Register workflows of your own, and list them.")
_DEADLINE = 10.0


@workflow.command()
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The registration as JSON; see docs/verticals.md.")],
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Register a workflow. A worker must be polling its task queue. Registering the same again is fine."""
    entry = read_registration(file)

    async def ask() -> WorkflowEntry:
        request = RegisterWorkflowRequest(request_id=str(uuid.uuid4()), entry=entry)
        async with registry_door(home, gateway, token, tenant) as registry, translate_errors():
            return (await registry.RegisterWorkflow(request, timeout=_DEADLINE)).entry

    registered = asyncio.run(ask())
    if json:
        print_json(show_registration(registered))
    else:
        typer.echo(f"{registered.name} {registered.version} is registered")


@workflow.command("list")
def list_workflows(
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """List what is registered, in the current versions."""
    entries = asyncio.run(_entries(home, gateway, token, tenant))
    if json:
        print_json([show_registration(entry) for entry in entries])
        return
    rows = [
        (entry.name, entry.version, entry.vertical, entry.workflow_type, entry.task_queue, " ".join(entry.capabilities))
        for entry in entries
    ]
    console.print(table(("name", "version", "vertical", "type", "queue", "capabilities"), rows))


@workflow.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the workflow.")],
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Show one registration."""
    found = [entry for entry in asyncio.run(_entries(home, gateway, token, tenant)) if entry.name == name]
    if not found:
        raise NotFoundError("WORKFLOW_UNKNOWN", "no workflow is registered under that name", name=name)
    shown = show_registration(found[0])
    print_json(shown) if json else console.print_json(data=shown)


async def _entries(home: Path, gateway: str, token: str, tenant: str) -> list[WorkflowEntry]:
    entries: list[WorkflowEntry] = []
    request = ListWorkflowsRequest()
    async with registry_door(home, gateway, token, tenant) as registry, translate_errors():
        while True:
            page = await registry.ListWorkflows(request, timeout=_DEADLINE)
            entries += page.entries
            if not page.next_page_token:
                return entries
            request.page_token = page.next_page_token
