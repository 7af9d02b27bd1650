"""`cordboard ledger erase`, `hold` and `keys`: what people do with calls' keys, in their own name."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from google.protobuf.message import Message

from cordboard.call.v1.wrap_up_facts_pb2 import ErasedObjectsRemoved
from cordboard.cli.doors import ledger_channel, ledger_door
from cordboard.cli.erased_objects import removal
from cordboard.cli.event_json import to_json
from cordboard.cli.options import DEFAULT_HOME, DEFAULT_TENANT, CallId, Home, Json, Ledger, PageToken, Tenant, Token
from cordboard.cli.output import console, print_json, table
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.ledger.v1 import key_admin_service_pb2 as asked
from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceStub
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.runtime.identity import UserTokenIssuer

if TYPE_CHECKING:
    from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceAsyncStub

hold = typer.Typer(name="hold", no_args_is_help=True, help="Legal holds: a held call cannot be erased.")
keys = typer.Typer(name="keys", no_args_is_help=True, help="The tenants' keys, which wrap the calls' keys.")

Reason = Annotated[str, typer.Option(help="Why, such as a case number. Stands on the log: no personal data.")]
_USER = "x-cordboard-user"
_DEADLINE = 30.0


@dataclass(frozen=True, slots=True)
class _Desk:
    """The way to the key service and the token that is shown there."""

    stub: "KeyAdminServiceAsyncStub"
    metadata: list[tuple[str, str]]

    async def ask(self, method: str, request: Message) -> Any:
        """Call a method that has one answer."""
        async with translate_errors():
            return await getattr(self.stub, method)(request, metadata=self.metadata, timeout=_DEADLINE)


@asynccontextmanager
async def _desk(home: Path, address: str, token: str, tenant: str, scope: str) -> AsyncIterator[_Desk]:
    shown = token or UserTokenIssuer.load(StateDirectory(home).keys).mint(
        role="engineer", tenant=tenant, scopes=[scope], subject=getpass.getuser()
    )
    async with ledger_channel(home, address) as channel:
        yield _Desk(KeyAdminServiceStub(channel), [(_USER, shown)])


def erase(
    call_id: CallId,
    reason: Reason,
    force: Annotated[bool, typer.Option(help="Even if it is not over; its workflow is ended then.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its objects to be removed.")] = 15.0,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Destroy a call's data key, and so its personal data wherever it lies. It cannot be undone.

    What was published of it is removed from the store as well. What is locked there stays, unreadable, and so does what
    the tenant's own system of record took from the call.
    """
    request = asked.EraseCallRequest(call_id=call_id, reason=reason, force=force)

    async def do() -> tuple[asked.EraseCallResponse, ErasedObjectsRemoved | None]:
        answer = await _ask(home, ledger_address, token, tenant, "ledger:erase", "EraseCall", request)
        async with ledger_door(home, ledger_address) as ledger:
            return answer, await removal(ledger, call_id, wait)

    answer, removed = asyncio.run(do())
    if json:
        print_json(to_json(answer) | {"objects": to_json(removed) if removed is not None else None})
        return
    at, forgotten = answer.erased_at.ToDatetime(), answer.forgotten_at.ToDatetime()
    console.print(f"{'was' if answer.repeated else 'is'} erased, at {at:%Y-%m-%d %H:%M:%S} UTC")
    console.print(
        f"processes that had asked for one of its subkeys have forgotten it: "
        f"one that is cut off from the ledger by {forgotten:%H:%M:%S} UTC, the others now"
    )
    console.print(_told(removed))


@hold.command("set")
def set_hold(
    call_id: CallId,
    reason: Reason,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Forbid that a call is erased. A hold that stands already stays as it is."""
    request = asked.SetLegalHoldRequest(call_id=call_id, reason=reason)
    answer = asyncio.run(_ask(home, ledger_address, token, tenant, "ledger:hold", "SetLegalHold", request))
    print_json(to_json(answer)) if json else _show_holds([answer.hold])


@hold.command("clear")
def clear_hold(
    call_id: CallId,
    reason: Reason,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Allow again that a call is erased."""
    request = asked.ClearLegalHoldRequest(call_id=call_id, reason=reason)
    answer = asyncio.run(_ask(home, ledger_address, token, tenant, "ledger:hold", "ClearLegalHold", request))
    if json:
        print_json({"cleared": answer.cleared})
    else:
        console.print("the hold is cleared" if answer.cleared else "there was no hold")


@hold.command("list")
def list_holds(
    call_id: Annotated[str, typer.Argument(metavar="[CALL]", help="Only this call.")] = "",
    page_size: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    page_token: PageToken = "",
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """List the tenant's calls under a legal hold."""
    request = asked.ListLegalHoldsRequest(call_id=call_id, page_size=page_size, page_token=page_token)
    answer = asyncio.run(_ask(home, ledger_address, token, tenant, "ledger:hold", "ListLegalHolds", request))
    if json:
        print_json({"holds": [to_json(one) for one in answer.holds], "nextPageToken": answer.next_page_token})
        return
    _show_holds(answer.holds)
    if answer.next_page_token:
        console.print(f"more: --page-token {answer.next_page_token}")


@keys.command("list")
def list_keys(
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """List the versions of the tenant's key, and how many calls each wraps."""
    request = asked.ListTenantKeysRequest(tenant=tenant)
    answer = asyncio.run(_ask(home, ledger_address, token, tenant, "ledger:keys", "ListTenantKeys", request))
    uses = {use.kek_id: use.calls for use in answer.uses}
    if json:
        print_json({"tenant": tenant, "current": answer.current_kek_id, "calls": uses})
        return
    uses.setdefault(answer.current_kek_id, 0)
    marked = (
        (kek_id, str(calls), "newest" if kek_id == answer.current_kek_id else "") for kek_id, calls in uses.items()
    )
    console.print(table(("key", "calls", ""), marked))


@keys.command()
def rotate(
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Make a new version of the tenant's key: it wraps new calls; old calls stay readable under theirs."""

    async def ask() -> asked.RotateTenantKeyResponse:
        async with _desk(home, ledger_address, token, tenant, "ledger:keys") as desk:
            known = await desk.ask("ListTenantKeys", asked.ListTenantKeysRequest(tenant=tenant))
            request = asked.RotateTenantKeyRequest(tenant=tenant, expected_kek_id=known.current_kek_id)
            answer: asked.RotateTenantKeyResponse = await desk.ask("RotateTenantKey", request)
            return answer

    answer = asyncio.run(ask())
    if json:
        print_json({"tenant": tenant, "kekId": answer.kek_id, "rotated": answer.rotated})
    else:
        console.print(f"new calls are wrapped under {answer.kek_id}")


@keys.command()
def rewrap(
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Wrap all calls of the tenant under the newest version. Broken off, it goes on when it is run again."""

    async def ask() -> asked.RewrapCallKeysResponse:
        last = asked.RewrapCallKeysResponse()
        async with _desk(home, ledger_address, token, tenant, "ledger:keys") as desk, translate_errors():
            request = asked.RewrapCallKeysRequest(tenant=tenant)
            with console.status("wrapping anew") as status:
                async for last in desk.stub.RewrapCallKeys(request, metadata=desk.metadata):
                    status.update(f"{last.rewrapped} wrapped anew, {last.remaining} to go")
        return last

    answer = asyncio.run(ask())
    if json:
        print_json({"tenant": tenant, "kekId": answer.kek_id, "rewrapped": answer.rewrapped, "failed": answer.failed})
        return
    console.print(f"{answer.rewrapped} keys wrapped anew under {answer.kek_id}")
    if answer.failed:
        console.print(f"[red]{answer.failed} could not be[/]: the ledger's log names them")


@keys.command()
def retire(
    kek_id: Annotated[str, typer.Argument(metavar="KEY", help="The version, as `keys list` names it.")],
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    token: Token = "",
    tenant: Tenant = DEFAULT_TENANT,
    json: Json = False,
) -> None:
    """Destroy a version that wraps nothing any more, so that old copies of what it wrapped are useless."""
    request = asked.RetireTenantKeyRequest(tenant=tenant, kek_id=kek_id)
    asyncio.run(_ask(home, ledger_address, token, tenant, "ledger:keys", "RetireTenantKey", request))
    print_json({"tenant": tenant, "retired": kek_id}) if json else console.print(f"{kek_id} is retired")


def _told(removed: ErasedObjectsRemoved | None) -> str:
    if removed is None:
        return "[yellow]its objects are not removed yet[/]: that is done as soon as a wrap-up process is there"
    gone = f"{removed.removed} objects are removed from the store"
    if not removed.kept:
        return gone
    until = removed.kept_until.ToDatetime()
    return f"{gone}; {removed.kept} stay, locked until {until:%Y-%m-%d %H:%M} UTC: nobody can read them"


async def _ask(  # what every command is told
    home: Path, address: str, token: str, tenant: str, scope: str, method: str, request: Message
) -> Any:
    async with _desk(home, address, token, tenant, scope) as desk:
        return await desk.ask(method, request)


def _show_holds(holds: Any) -> None:
    rows = ((one.call_id, one.reason, one.set_by, f"{one.set_at.ToDatetime():%Y-%m-%d %H:%M}") for one in holds)
    console.print(table(("call", "reason", "set by", "since (UTC)"), rows))
