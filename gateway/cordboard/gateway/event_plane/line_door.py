"""`GET /v1/line`: where a party waits to be called, as beside a telephone."""

import asyncio
import json

from aiohttp import web

from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyDeclined
from cordboard.core import reasons
from cordboard.core.errors import CordboardError, ForbiddenError, InvalidError, UnavailableError, WrongStateError
from cordboard.gateway.access import CALLER, WAIT, actor_of, require_scope
from cordboard.gateway.event_plane.desk_commands import RENEW, DeskCommand, read_command, text_of, unknown_command
from cordboard.gateway.event_plane.event_socket import EventSocket, claims_of_socket
from cordboard.gateway.event_plane.frames import reply_frame
from cordboard.gateway.event_plane.open_sockets import OpenSockets
from cordboard.gateway.line_board import Line, LineBoard, LineNews
from cordboard.gateway.token_life import TokenLife
from cordboard.runtime.identity import TokenVerifier, UserClaims
from cordboard.runtime.ledger_client import EventProducer, call_stream

_REFUSALS = (reasons.DECLINED, reasons.BUSY)


class LineDoor:
    """Tells a waiting party of calls that are placed to their line.

    They answer one by posting their SDP offer to `/v1/calls/{call_id}/legs` with the same token, or decline it here.
    """

    def __init__(
        self, verifier: TokenVerifier, board: LineBoard, producer: EventProducer, sockets: OpenSockets
    ) -> None:
        self._verifier = verifier
        self._board = board
        self._producer = producer
        self._sockets = sockets

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/line", self.line)]

    async def line(self, request: web.Request) -> web.StreamResponse:
        """Serve one who waits."""
        return await self._sockets.serve(request, self._talk)

    async def _talk(self, socket: EventSocket, request: web.Request) -> None:
        claims = claims_of_socket(request, self._verifier)
        require_scope(claims, WAIT)
        if claims.role != CALLER or not claims.subject:
            raise ForbiddenError("ROLE_FORBIDDEN", "only a caller's token that names a line waits", role=claims.role)
        line = claims.tenant, claims.subject
        news = await self._board.open(line)
        life = TokenLife(self._verifier, claims)
        try:
            await socket.send(json.dumps({"type": "hello"}))
            await socket.run(self._pump(socket, news, claims), self._listen(socket, line, claims, life), life.end())
        finally:
            self._board.close(line, news)

    async def _pump(self, socket: EventSocket, news: asyncio.Queue[LineNews], claims: UserClaims) -> None:
        while True:
            one = await news.get()
            if one.reason:
                await socket.send(json.dumps({"type": "over", "call_id": one.call_id, "reason": one.reason}))
                continue
            await socket.send(json.dumps({"type": "offer", "call_id": one.call_id, "vertical": one.vertical}))
            self._producer.record_nowait(call_stream(one.call_id), PartyAlerted(), actor=actor_of(claims))

    async def _listen(self, socket: EventSocket, line: Line, claims: UserClaims, life: TokenLife) -> None:
        async for text in socket.texts():
            command_id = ""
            error: CordboardError | None = None
            try:
                command = read_command(text)
                command_id = command.command_id
                if command.name == RENEW:
                    life.renew(text_of(command, "token", required=True))
                elif command.name == "decline":
                    await self._decline(command, line, claims)
                else:
                    raise unknown_command()
            except CordboardError as refusal:
                error = refusal
            await socket.send(reply_frame(command_id, error))

    async def _decline(self, command: DeskCommand, line: Line, claims: UserClaims) -> None:
        call_id, reason = text_of(command, "call_id", required=True), text_of(command, "reason") or reasons.DECLINED
        if reason not in _REFUSALS:
            raise InvalidError("REASON_INVALID", "a line says DECLINED or BUSY")
        if not self._board.rings(line, call_id):
            raise WrongStateError("OFFER_OVER", "the call does not ring at this line", call_id=call_id)
        if self._producer.report().ledger_away:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again")
        fact = PartyDeclined(reason=reason)
        await self._producer.record_durably(call_stream(call_id), fact, actor=actor_of(claims))
