"""`GET /v1/calls/{call_id}/events`: one call's events, for its caller and for those who may read."""

from collections.abc import AsyncGenerator

from aiohttp import web

from cordboard.core.errors import CordboardError
from cordboard.gateway.access import CALLER, PHI, READ, actor_of, require_scope, require_tenant
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.event_plane.desk_commands import RENEW, read_command, text_of, unknown_command
from cordboard.gateway.event_plane.event_socket import EventSocket, claims_of_socket, cursor_of
from cordboard.gateway.event_plane.frames import event_frame, for_caller, hello_frame, reply_frame
from cordboard.gateway.event_plane.open_sockets import OpenSockets
from cordboard.gateway.ledger_door import ledger_away
from cordboard.gateway.token_life import TokenLife
from cordboard.ledger.v1.ledger_service_pb2 import SubscribeResponse
from cordboard.runtime.identity import TokenVerifier
from cordboard.runtime.ledger_client import Ledger, call_stream


class CallEventsDoor:
    """Sends a call's events as they come, from a cursor on."""

    def __init__(self, verifier: TokenVerifier, ledger: Ledger, reader: CallReader, sockets: OpenSockets) -> None:
        self._verifier = verifier
        self._ledger = ledger
        self._reader = reader
        self._sockets = sockets

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/calls/{call_id}/events", self.events)]

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Serve the events of a call."""
        return await self._sockets.serve(request, self._talk)

    async def _talk(self, socket: EventSocket, request: web.Request) -> None:
        claims = claims_of_socket(request, self._verifier)
        after = cursor_of(request) or 0
        require_tenant(claims)
        call_id = request.match_info["call_id"]
        opened = await self._reader.opened(call_id, claims.tenant)
        own = claims.role == CALLER and bool(claims.token_id) and claims.token_id == opened.token_id
        if not own:
            require_scope(claims, READ)
        await socket.send(hello_frame(after))
        with_phi = own or PHI in claims.scopes
        # What callers said themselves they may see; whoever else looks is put on record.
        feed = self._ledger.subscribe(
            after_position=after,
            stream=call_stream(call_id),
            with_phi=with_phi,
            on_behalf_of="" if own else actor_of(claims),
        )
        life = TokenLife(self._verifier, claims)
        await socket.run(self._pump(socket, feed, own=own), _listen(socket, life), life.end())

    async def _pump(self, socket: EventSocket, feed: AsyncGenerator[SubscribeResponse, None], *, own: bool) -> None:
        try:
            with ledger_away():
                async for batch in feed:
                    for envelope in batch.events:
                        await socket.send(event_frame(for_caller(envelope) if own else envelope))
        finally:
            await feed.aclose()


async def _listen(socket: EventSocket, life: TokenLife) -> None:
    """Notice that the client goes away; all that it has to say here is another token."""
    async for text in socket.texts():
        command_id = ""
        error: CordboardError | None = None
        try:
            command = read_command(text)
            command_id = command.command_id
            if command.name != RENEW:
                raise unknown_command()
            life.renew(text_of(command, "token", required=True))
        except CordboardError as refusal:
            error = refusal
        await socket.send(reply_frame(command_id, error))
