"""`cordboard outcome`: what came of calls, and what is left to do after them."""

import asyncio
import uuid
from typing import Annotated

import typer

from cordboard.call.v1.call_pb2 import Urgency
from cordboard.call.v1.call_service_pb2 import (
    GetOutcomeRequest,
    ListFollowUpsRequest,
    ListFollowUpsResponse,
    ResolveFollowUpRequest,
)
from cordboard.call.v1.outcome_pb2 import Disposition, Mood, Outcome
from cordboard.cli.doors import gateway_door
from cordboard.cli.event_json import short_enum, to_json
from cordboard.cli.options import (
    DEFAULT_HOME,
    DEFAULT_TENANT,
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

outcome = typer.Typer(name="outcome", no_args_is_help=True, help="Show what came of calls, and what is left to do.")
_DEADLINE = 10.0


@outcome.command()
def show(
    call_id: CallId,
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Show what came of a call. PHI is shown for a token with the scope `phi` only, and that is put on record."""

    async def ask() -> Outcome:
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return (await calls.GetOutcome(GetOutcomeRequest(call_id=call_id), timeout=_DEADLINE)).outcome

    found = asyncio.run(ask())
    print_json(to_json(found)) if json else console.print(table(("what", "value"), _lines(found)))


@outcome.command("follow-ups")
def follow_ups(
    page_size: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    page_token: PageToken = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """List the calls after which somebody has to do something, the most urgent first."""

    async def ask() -> ListFollowUpsResponse:
        request = ListFollowUpsRequest(page_size=page_size, page_token=page_token)
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return await calls.ListFollowUps(request, timeout=_DEADLINE)

    answer = asyncio.run(ask())
    if json:
        print_json(to_json(answer))
        return
    rows = [
        (
            one.call_id,
            short_enum(Urgency.Name(one.urgency), "URGENCY_"),
            one.follow_up.reason,
            one.ended_at.ToDatetime().isoformat(" ", "seconds"),
            one.redacted_summary,
        )
        for one in answer.outcomes
    ]
    console.print(table(("call", "urgency", "why", "ended at (UTC)", "about"), rows))
    if answer.next_page_token:
        console.print(f"More: --page-token {answer.next_page_token}")


@outcome.command()
def resolve(
    call_id: CallId,
    request_id: RequestId = "",
    home: Home = DEFAULT_HOME,
    gateway: Gateway = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Note that what was left to do after a call is done. Doing it twice is fine."""
    request = ResolveFollowUpRequest(request_id=request_id or str(uuid.uuid4()), call_id=call_id)

    async def ask() -> Outcome:
        async with gateway_door(home, gateway, token, tenant) as calls, translate_errors():
            return (await calls.ResolveFollowUp(request, timeout=_DEADLINE)).outcome

    closed = asyncio.run(ask())
    print_json(to_json(closed)) if json else console.print(f"Resolved by {closed.follow_up.resolved_by}.")


def _lines(found: Outcome) -> list[tuple[str, str]]:
    """Tell an outcome in words; what is empty is left out."""
    quality = ", ".join(f"{leg.leg_id[:8]} {leg.mos:.2f} (worst {leg.worst_mos:.2f})" for leg in found.quality)
    latency = ", ".join(
        f"{one.stage} {one.p50.ToMilliseconds()}/{one.p95.ToMilliseconds()} ms" for one in found.latency
    )
    lines = [
        ("disposition", short_enum(Disposition.Name(found.disposition), "DISPOSITION_")),
        ("ended by", found.end_reason),
        ("summary", found.summary or found.redacted_summary),
        ("intent", f"{found.intent.name} ({found.intent.confidence:.0%})" if found.intent.name else ""),
        ("sounds", f"{short_enum(Mood.Name(found.sentiment.mood), 'MOOD_')} ({found.sentiment.score:+.2f})"),
        ("lead score", f"{found.lead.score}: {', '.join(f'{one.code} {one.points:+}' for one in found.lead.reasons)}"),
        ("urgency", short_enum(Urgency.Name(found.urgency), "URGENCY_") if found.urgency else ""),
        ("escalated", found.escalation_reason),
        *((f"slot {slot.name}", slot.value if slot.valid else f"{slot.value} (as said)") for slot in found.slots),
        ("quality (MOS)", quality),
        ("latency p50/p95", latency),
        ("tools", f"{found.tools.succeeded} of {found.tools.intended} succeeded" if found.tools.intended else ""),
        ("to do", found.follow_up.reason if not found.follow_up.resolved_by else ""),
        ("resolved by", found.follow_up.resolved_by),
        ("missing", ", ".join(found.missing)),
        ("erased", "yes" if found.erased else ""),
    ]
    return [(what, value) for what, value in lines if value]
