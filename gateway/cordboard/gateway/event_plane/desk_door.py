"""`GET /v1/desk`: the event plane of one agent's desk."""

import asyncio
import uuid
from collections import Counter

from aiohttp import web

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_WRAP_UP, AgentStateChanged
from cordboard.core.errors import CordboardError, ExhaustedError, ForbiddenError
from cordboard.core.event_message import unpack
from cordboard.gateway.access import AGENT, require_tenant
from cordboard.gateway.call_control import CallControl
from cordboard.gateway.event_plane.desk_commands import DeskCommands, read_command
from cordboard.gateway.event_plane.desk_feed import DeskFeed
from cordboard.gateway.event_plane.desk_record import DeskRecord
from cordboard.gateway.event_plane.event_socket import EventSocket, claims_of_socket, cursor_of
from cordboard.gateway.event_plane.frames import event_frame, hello_frame, reply_frame
from cordboard.gateway.event_plane.log_tail import LogTail, TailReader
from cordboard.gateway.event_plane.open_sockets import OpenSockets, of_unforeseen
from cordboard.gateway.event_plane.presence import state_name
from cordboard.gateway.token_life import TokenLife
from cordboard.runtime.identity import TokenVerifier, UserClaims
from cordboard.runtime.ledger_client import EventProducer, Ledger, agent_stream

SIGNED_IN = "SIGNED_IN"
"""Reason of an agent who has a desk for the first time, and has not said yet that they are ready."""


class DeskDoor:
    """Serves desks. Keeps nothing of them but the sessions that are open here: all else is read from the log."""

    def __init__(
        self,
        verifier: TokenVerifier,
        ledger: Ledger,
        control: CallControl,
        producer: EventProducer,
        sockets: OpenSockets,
    ) -> None:
        self._verifier = verifier
        self._ledger = ledger
        self._control = control
        self._producer = producer
        self._sockets = sockets
        self._limits = sockets.limits
        self._tail = LogTail(ledger, limit=self._limits.queue_events, patience=self._limits.tail_seconds)
        self._here: Counter[tuple[str, str]] = Counter()
        self._leaving: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/desk", self.desk)]

    def start(self) -> None:
        """Begin to follow the log. Needs a running loop."""
        self._tail.start()

    async def stop(self) -> None:
        """End; agents whose desks go elsewhere now are not lost."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._tail.stop()

    async def desk(self, request: web.Request) -> web.StreamResponse:
        """Serve a desk."""
        return await self._sockets.serve(request, self._talk)

    async def _talk(self, socket: EventSocket, request: web.Request) -> None:
        claims = claims_of_socket(request, self._verifier)
        after = cursor_of(request)
        require_tenant(claims)
        if claims.role != AGENT or not claims.subject:
            raise ForbiddenError("ROLE_FORBIDDEN", "only an agent has a desk", role=claims.role)
        if self._here[claims.tenant, claims.subject] >= self._limits.desks_of_one_agent:
            raise ExhaustedError("TOO_MANY_SOCKETS", "the agent has as many desks open as one may have")
        reader = await self._tail.open(agent_stream(claims.tenant, claims.subject))
        feed = DeskFeed(self._ledger, reader, claims.tenant, claims.subject)
        record: DeskRecord | None = None
        agent = claims.tenant, claims.subject
        self._here[agent] += 1
        try:
            history = await feed.begin(after)
            record = self._sign_in(claims, feed)
            state, reason = state_name(feed.presence.state), feed.presence.reason
            await socket.send(
                hello_frame(
                    feed.cursor,
                    history,
                    agent_id=claims.subject,
                    state=state,
                    wanted=state_name(feed.presence.readiness[0]),
                    reason=reason,
                    session_id=record.session_id,
                )
            )
            life = TokenLife(self._verifier, claims)
            commands = DeskCommands(claims, life, feed.seats, self._control, record)
            await socket.run(_pump(socket, feed), self._listen(socket, commands), life.end())
        finally:
            self._here[agent] -= 1
            if record is None or self._sockets.stopping:
                reader.close()
            else:
                self._watch_leaving(agent, reader, record)

    def _sign_in(self, claims: UserClaims, feed: DeskFeed) -> DeskRecord:
        """Say what the agent wanted again, under a new session, so that the end of an older one counts for nothing."""
        presence = feed.newest
        session_id = str(uuid.uuid4())
        if presence.state == AGENT_STATE_WRAP_UP and presence.session_id:
            # Any word of the desk ends a wrap-up, so this session goes on under the name of the one before.
            return DeskRecord(self._producer, claims, presence.session_id, self._limits.record_seconds)
        record = DeskRecord(self._producer, claims, session_id, self._limits.record_seconds)
        state, reason = presence.readiness
        record.begin(state, reason if presence.session_id else SIGNED_IN)
        return record

    async def _listen(self, socket: EventSocket, commands: DeskCommands) -> None:
        at_work: set[asyncio.Task[None]] = set()
        try:
            async for text in socket.texts():
                if len(at_work) >= self._limits.commands_at_once:
                    error = ExhaustedError("TOO_MANY_COMMANDS", "too many commands at once; wait for their replies")
                    await socket.send(reply_frame("", error))
                    continue
                task = asyncio.create_task(_obey(socket, commands, text))
                at_work.add(task)
                task.add_done_callback(at_work.discard)
        finally:
            # A command that has begun is done, though nobody hears of it any more.
            await asyncio.gather(*at_work, return_exceptions=True)

    def _watch_leaving(self, agent: tuple[str, str], reader: TailReader, record: DeskRecord) -> None:
        task = asyncio.create_task(self._leave(agent, reader, record), name="desk-leaving")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, agent: tuple[str, str], reader: TailReader, record: DeskRecord) -> None:
        """Put the loss of a session on record, unless the agent is back by then, here or at another gateway."""
        try:
            async with asyncio.timeout(self._limits.lost_after_seconds):
                await _until_another_session(reader, record.session_id)
        except TimeoutError:
            if not self._here[agent]:
                record.lose()
        finally:
            reader.close()


async def _pump(socket: EventSocket, feed: DeskFeed) -> None:
    while True:
        news = await feed.next()
        await socket.send(event_frame(news.event, news.history))


async def _obey(socket: EventSocket, commands: DeskCommands, text: str) -> None:
    command_id = ""
    error: CordboardError | None = None
    try:
        command = read_command(text)
        command_id = command.command_id
        await commands.obey(command)
    except CordboardError as refusal:
        error = refusal
    except Exception as failure:  # noqa: BLE001  a command's failure is told to its desk and must not end the socket
        error = of_unforeseen(failure)
    await socket.send(reply_frame(command_id, error))


async def _until_another_session(reader: TailReader, session_id: str) -> None:
    while True:
        try:
            fact = unpack(await reader.next())
        except ExhaustedError:
            # Nothing is known of other sessions; routing minds the loss of the newest one only.
            await asyncio.Event().wait()
        else:
            if isinstance(fact, AgentStateChanged) and fact.session_id not in ("", session_id):
                return
