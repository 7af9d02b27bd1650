"""A whole gateway on free ports, over a ledger and calls in memory."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.call_service_pb2 import StartCallRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.core.errors import NotFoundError
from cordboard.gateway.event_plane.limits import EventLimits
from cordboard.gateway.gateway import Doors, Gateway, Neighbours
from cordboard.gateway.http_server import HttpLimits
from cordboard.gateway.legs_door import BodyLimits
from cordboard.gateway.memory_call_control import MemoryCallControl
from cordboard.gateway.task_queues import MemoryTaskQueues
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceStub
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer, create_keys
from cordboard.runtime.ledger_client import EventProducer, MemoryLedger, call_stream

if TYPE_CHECKING:
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub
    from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceAsyncStub

TENANT = "clinic"
VERTICAL = "healthcare"
ALL_SCOPES = ("calls:start", "calls:read", "calls:steer", "phi")

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:4ZcD",
        "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlme",
        "a=ice-options:trickle",
        "a=fingerprint:sha-256 " + ":".join(["7B"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "",
    ]
)


def new_id() -> str:
    """A fresh request id."""
    return str(uuid.uuid4())


def start_request(**changes: Any) -> StartCallRequest:
    """A request to start an inbound call with an offer."""
    request = StartCallRequest(
        request_id=new_id(), vertical=VERTICAL, direction=call_pb2.DIRECTION_INBOUND, sdp_offer=OFFER
    )
    request.MergeFrom(StartCallRequest(**changes))
    return request


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable reason in a failed call's ErrorInfo."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None, f"no rich status: {error.code()} {error.details()}"
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "cordboard"
    return str(info.reason)


class OpenKeys:
    """Subkeys that everybody can work out."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give 32 bytes."""
        return (f"{purpose}/{call_id}" * 2).encode()[:32]


class OnePack:
    """A vertical pack with one agent."""

    name = VERTICAL
    default_agent = "front-desk"

    def profile(self, agent: str) -> bytes:
        """Give the one profile."""
        if agent != self.default_agent:
            raise NotFoundError("PROFILE_UNKNOWN", "no such profile")
        return b"{}"

    def open_tools(self, database_url: str) -> Any:
        """It has none."""
        raise NotImplementedError


@dataclass(slots=True)
class House:
    """The gateway, what it stands on, and the tokens that open it."""

    keys: Path
    doors: Doors
    gateway: Gateway
    ledger: MemoryLedger
    control: MemoryCallControl
    neighbours: Neighbours
    issuer: UserTokenIssuer
    http: aiohttp.ClientSession

    def token(
        self,
        role: str = "app",
        scopes: Iterable[str] = ALL_SCOPES,
        *,
        tenant: str = TENANT,
        vertical: str = VERTICAL,
        ttl: timedelta = timedelta(minutes=5),
        subject: str = "",
    ) -> str:
        """Mint a token."""
        return self.issuer.mint(role=role, tenant=tenant, vertical=vertical, scopes=scopes, ttl=ttl, subject=subject)

    def caller(self, **changes: Any) -> str:
        """Mint a caller's single-use token."""
        return self.token("caller", ("calls:start",), **changes)

    @asynccontextmanager
    async def registry(self, token: str) -> AsyncIterator["WorkflowRegistryServiceAsyncStub"]:
        """Give a stub of WorkflowRegistryService that shows `token`."""
        async with open_user_channel(self.gateway.grpc_address, token) as channel:
            yield WorkflowRegistryServiceStub(channel)

    @asynccontextmanager
    async def calls(self, token: str) -> AsyncIterator["CallServiceAsyncStub"]:
        """Give a stub of CallService that shows `token`."""
        async with open_user_channel(self.gateway.grpc_address, token) as channel:
            yield CallServiceStub(channel)

    async def post(
        self, path: str, token: str | None, body: Any = OFFER, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """POST over HTTP, as SDP unless told otherwise; gives status, headers and body (JSON when it is)."""
        sent = {"Content-Type": "application/sdp"} | {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.ask("POST", path, token, data=body, headers=sent)

    async def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        data: Any = None,
    ) -> tuple[int, dict[str, str], Any]:
        """Ask over HTTP."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        url = f"http://{self.gateway.http_address}{path}"
        async with self.http.request(
            method, url, data=data, headers=sent, skip_auto_headers=["Content-Type"]
        ) as response:
            found = {key.lower(): value for key, value in response.headers.items()}
            body = await (response.json(content_type=None) if "json" in response.content_type else response.text())
            return response.status, found, body

    async def decide(self, call_id: str, *messages: Message, first: int = 1) -> None:
        """Put decisions of the call's workflow on the log, numbered from `first`."""
        events = []
        for number, message in enumerate(messages, first):
            event = NewEvent(stream=call_stream(call_id), source=f"workflow/{call_id}", source_seq=number)
            event.event.Pack(message)
            event.occurred_at.FromMilliseconds(1_700_000_000_000 + number)
            events.append(event)
        await self.ledger.append(events)

    async def started(self, **changes: Any) -> str:
        """Start a call as an app and give its id."""
        async with self.calls(self.token(tenant=changes.pop("tenant", TENANT))) as stub:
            started = await stub.StartCall(start_request(**changes))
        return started.call_id

    async def events(self) -> int:
        """How many events stand on the log, over all calls."""
        page = await self.ledger.list_streams("call", page_size=1000)
        return sum(head.seq for head in page.streams)

    async def restart(self) -> None:
        """Stop the gateway and open another one on the same ports."""
        await self.gateway.stop()
        await self.reopen()

    async def reopen(self) -> None:
        """Open another gateway on the ports of the one that was stopped."""
        doors = replace(self.doors, grpc=self.gateway.grpc_address, http=self.gateway.http_address)
        self.gateway = self.another(doors)
        await self.gateway.start()

    def another(self, doors: Doors) -> Gateway:
        """Make another gateway over the same ledger and calls."""
        return Gateway(doors, TokenVerifier.load(self.keys), self.neighbours)


QUICK = Doors(
    body=BodyLimits(seconds=0.3),
    connection=HttpLimits(idle_seconds=0.5, linger_seconds=0.2),
    events=EventLimits(ping_seconds=0.2, send_seconds=1.0, lost_after_seconds=10.0, record_seconds=1.0),
)


@asynccontextmanager
async def open_house(
    keys_dir: Path, doors: Doors = QUICK, control: MemoryCallControl | None = None
) -> AsyncIterator[House]:
    """Open a gateway on free ports."""
    create_keys(keys_dir)
    ledger, control = MemoryLedger(), control or MemoryCallControl()
    async with (
        EventProducer(ledger, f"gateway/gateway-1/{new_id()}", keys_dir / "spool") as producer,
        aiohttp.ClientSession() as http,
    ):
        neighbours = Neighbours(
            ledger, control, producer, MemoryTaskQueues("team"), OpenKeys(), {VERTICAL: OnePack()}.copy
        )
        neighbours = replace(neighbours, issuer=UserTokenIssuer.load(keys_dir))
        gateway = Gateway(doors, TokenVerifier.load(keys_dir), neighbours)
        await gateway.start()
        house = House(keys_dir, doors, gateway, ledger, control, neighbours, UserTokenIssuer.load(keys_dir), http)
        try:
            yield house
        finally:
            await http.close()
            await house.gateway.stop()
            # A closed TCP connection is taken down in the loop's next turn.
            await asyncio.sleep(0)
