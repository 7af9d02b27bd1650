"""`cordboard call`: start, list, show, watch, hold and end calls through the gateway, as any app would."""

import asyncio
import uuid
from pathlib import Path
from typing import Annotated, Literal

import typer

from cordboard.call.v1.call_pb2 import CallView, Direction, Phase
from cordboard.call.v1.call_service_pb2 import (
    EndCallRequest,
    GetCallRequest,
    GetTranscriptRequest,
    GetTranscriptResponse,
    HoldLegRequest,
    ListCallsRequest,
    ListCallsResponse,
    RetrieveLegRequest,
    StartCallRequest,
    StartCallResponse,
    WatchCallRequest,
)
from cordboard.cli.doors import gateway_door
from cordboard.cli.event_json import event_name, short_enum, to_json
from cordboard.cli.options import (
    DEFAULT_HOME,
    DEFAULT_TENANT,
    DEFAULT_VERTICAL,
    CallId,
    Gateway,
    Home,
    Json,
    PageToken,
    RequestId,
    Tenant,
    Token,
)
from cordboard.cli.output import console, print_json, table
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.wrap_up.v1.transcript_pb2 import Speaker

call = typer.Typer(name="call", no_args_is_help=True, help="Start, list, show, watch, hold and end calls.")
LegId = Annotated[str, typer.Argument(metavar="LEG", help="The leg's id, as `call show` names it.")]
_DEADLINE = 10.0


@call.command()
def start(
    vertical: Annotated[str, typer.Option(help="Vertical pack.")] = DEFAULT_VERTICAL,
    workflow: Annotated[str, typer.Option(help="Registered workflow; without it the default script.")] = "",
    input: Annotated[str, typer.Option(help="Input of the registered workflow, as JSON.")] = "",
    direction: Annotated[Literal["inbound", "outbound"], typer.Option(help="Who starts it.")] = "inbound",
    target: Annotated[str, typer.Option(help="Outbound: whom to reach.")] = "",
    request_id: RequestId = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Start a call. An inbound one waits for its caller, whose leg needs a token with the scope `legs:add`.

    Callers with a token of their own start theirs at POST /v1/legs.
    """
    request = StartCallRequest(
        request_id=request_id or str(uuid.uuid4()),
        vertical=vertical,
        workflow=workflow,
        direction=Direction.Value(f"DIRECTION_{direction.upper()}"),
        target=target,
        input=input,
    )

    async def ask() -> StartCallResponse:
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return await calls.StartCall(request, timeout=_DEADLINE)

    answer = asyncio.run(ask())
    print_json(to_json(answer)) if json else typer.echo(answer.call_id)


@call.command("list")
def list_calls(
    page_size: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    page_token: PageToken = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """List the tenant's calls, newest first."""

    async def ask() -> ListCallsResponse:
        request = ListCallsRequest(page_size=page_size, page_token=page_token)
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return await calls.ListCalls(request, timeout=_DEADLINE)

    answer = asyncio.run(ask())
    if json:
        print_json(to_json(answer))
        return
    rows = [
        (
            view.call_id,
            short_enum(Phase.Name(view.phase), "PHASE_"),
            view.vertical,
            view.offered_at.ToDatetime().isoformat(" ", "seconds") if view.HasField("offered_at") else "",
            view.end_reason,
        )
        for view in answer.calls
    ]
    console.print(table(("call", "phase", "vertical", "offered at (UTC)", "end reason"), rows))
    if answer.next_page_token:
        console.print(f"More: --page-token {answer.next_page_token}")


@call.command()
def show(
    call_id: CallId,
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Show a call as it stands: the fold of its log."""

    async def ask() -> CallView:
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return (await calls.GetCall(GetCallRequest(call_id=call_id), timeout=_DEADLINE)).call

    view = asyncio.run(ask())
    print_json(to_json(view)) if json else console.print_json(data=to_json(view))


@call.command()
def transcript(
    call_id: CallId,
    unredacted: Annotated[bool, typer.Option(help="The words as they were said; needs the scope `phi`.")] = False,
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Show what was said in a call, with tags in the place of identifiers. Asking for more is put on record."""

    async def ask() -> GetTranscriptResponse:
        request = GetTranscriptRequest(call_id=call_id, unredacted=unredacted)
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return await calls.GetTranscript(request, timeout=_DEADLINE)

    found = asyncio.run(ask())
    if json:
        print_json(to_json(found))
        return
    said = found.original.utterances if found.HasField("original") else found.redacted.utterances
    for one in said:
        who = short_enum(Speaker.Name(one.speaker), "SPEAKER_")
        console.print(f"{one.started_us / 1e6:7.1f}  {who}: {one.text}", markup=False)


@call.command()
def watch(
    call_id: CallId,
    after: Annotated[int, typer.Option(min=0, help="Sequence to resume after.")] = 0,
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Follow a call's events: what is there, then what comes, until the call has ended."""
    asyncio.run(_watch(call_id, after, home, gateway, token, tenant, json))


async def _watch(call_id: str, after: int, home: Path, gateway: str, token: str, tenant: str, json: bool) -> None:
    async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
        async for message in calls.WatchCall(WatchCallRequest(call_id=call_id, after_seq=after)):
            if json:
                print_json(to_json(message.event))
            else:
                at = message.event.event.occurred_at.ToDatetime().strftime("%H:%M:%S.%f")[:-3]
                source = message.event.event.source.split("/")[0]
                console.print(f"{message.event.seq:>5}  {at}  {source:<12} {event_name(message.event)}")


@call.command()
def end(
    call_id: CallId,
    reason: Annotated[str, typer.Option(help="Stable reason.")] = "OPERATOR",
    request_id: RequestId = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """End a call. Ending an ended call is fine."""
    request = EndCallRequest(request_id=request_id or str(uuid.uuid4()), call_id=call_id, reason=reason)
    _steer("EndCall", request, home, gateway, token, tenant, json)


@call.command()
def hold(
    call_id: CallId,
    leg_id: LegId,
    request_id: RequestId = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Put a leg on hold: it hears music, and nobody hears it."""
    request = HoldLegRequest(request_id=request_id or str(uuid.uuid4()), call_id=call_id, leg_id=leg_id)
    _steer("HoldLeg", request, home, gateway, token, tenant, json)


@call.command()
def retrieve(
    call_id: CallId,
    leg_id: LegId,
    request_id: RequestId = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Take a leg back from hold."""
    request = RetrieveLegRequest(request_id=request_id or str(uuid.uuid4()), call_id=call_id, leg_id=leg_id)
    _steer("RetrieveLeg", request, home, gateway, token, tenant, json)


def _steer(
    method: str,
    request: EndCallRequest | HoldLegRequest | RetrieveLegRequest,
    home: Path,
    gateway: str,
    token: str,
    tenant: str,
    json: bool,
) -> None:
    """Ask for a change of a call, and say which call it was."""

    async def ask() -> None:
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            await getattr(calls, method)(request, timeout=_DEADLINE)

    asyncio.run(ask())
    done = {"call_id": request.call_id, "request_id": request.request_id}
    print_json(done) if json else typer.echo(request.call_id)
