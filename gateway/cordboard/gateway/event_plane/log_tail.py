"""The newest end of the whole log, followed once for all desks of a gateway."""

import asyncio
import logging
from collections import deque

from cordboard.call.v1.decisions_pb2 import AgentAlerted
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.gateway.event_plane.event_socket import too_slow
from cordboard.ledger.v1.envelope_pb2 import Envelope, Stream
from cordboard.runtime.ledger_client import Ledger, agent_stream

_log = logging.getLogger(__name__)

_ALERTED = AgentAlerted.DESCRIPTOR.full_name
_RETRY_SECONDS = 1.0

StreamKey = tuple[str, str]


def stream_key(stream: Stream) -> StreamKey:
    """Give a stream's name as a key."""
    return stream.kind, stream.id


class TailReader:
    """What the tail holds ready for one agent: the agent's stream, the alerts that name the agent, the calls followed.

    Events come in order of position, without PHI, all that lie beyond `opened_at`.
    """

    def __init__(self, tail: "LogTail", agent: Stream, limit: int) -> None:
        self.opened_at = tail.position
        self._tail = tail
        self._agent = stream_key(agent)
        self._limit = limit
        self._waiting: deque[Envelope] = deque()
        self._news = asyncio.Event()
        self._too_slow = False
        self._streams = {self._agent}

    @property
    def position(self) -> int:
        """Position up to which all that was wanted by now is here."""
        return self._tail.position

    def wants(self, envelope: Envelope) -> bool:
        """Tell whether an event is for this reader; an alert that names the agent makes it follow the call."""
        event = envelope.event
        if stream_key(event.stream) in self._streams:
            return True
        if event.event.TypeName() != _ALERTED:
            return False
        alerted = AgentAlerted()
        event.event.Unpack(alerted)
        if stream_key(agent_stream(envelope.tenant, alerted.agent_id)) != self._agent:
            return False
        self.follow(event.stream)
        return True

    def follow(self, stream: Stream) -> None:
        """Want a stream's events from now on."""
        self._streams.add(stream_key(stream))

    def unfollow(self, stream: Stream) -> None:
        """Want a stream's events no longer."""
        self._streams.discard(stream_key(stream))

    def offer(self, envelope: Envelope) -> None:
        """Take an event in."""
        if len(self._waiting) >= self._limit:
            self._too_slow = True
        else:
            self._waiting.append(envelope)
        self._news.set()

    async def next(self) -> Envelope:
        """Give the next event. Raises ExhaustedError(SLOW_READER) when too many were waiting."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        if self._too_slow:
            raise too_slow()
        return self._waiting.popleft()

    def drain(self) -> list[Envelope]:
        """Give all that is waiting."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def close(self) -> None:
        """Take in nothing more."""
        self._tail.forget(self)


class LogTail:
    """Follows the log from the moment it is started, and hands each event to the readers that want it."""

    def __init__(self, ledger: Ledger, *, limit: int, patience: float) -> None:
        """Make a tail; `limit` bounds what waits for a reader, `patience` (seconds) how long one waits for a start."""
        self.position = 0
        self._ledger = ledger
        self._limit = limit
        self._patience = patience
        self._begun = asyncio.Event()
        self._readers: set[TailReader] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow. Needs a running loop."""
        self._task = asyncio.create_task(self._follow(), name="log-tail")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def open(self, agent: Stream) -> TailReader:
        """Begin to take in events for an agent. Raises UnavailableError(LEDGER_AWAY)."""
        try:
            async with asyncio.timeout(self._patience):
                await self._begun.wait()
        except TimeoutError:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again") from None
        reader = TailReader(self, agent, self._limit)
        self._readers.add(reader)
        return reader

    def forget(self, reader: TailReader) -> None:
        """Hand a reader nothing more."""
        self._readers.discard(reader)

    async def _follow(self) -> None:
        while True:
            try:
                await self._follow_once()
            except CordboardError as error:
                _log.warning("the log cannot be followed", extra={"reason": error.reason})
                await asyncio.sleep(_RETRY_SECONDS)

    async def _follow_once(self) -> None:
        feed = self._ledger.subscribe(after_position=self.position, from_now=not self._begun.is_set())
        async for batch in feed:
            for envelope in batch.events:
                for reader in [reader for reader in self._readers if reader.wants(envelope)]:
                    reader.offer(envelope)
            # Together with the events, so that a reader opened in between misses none and gets none twice.
            self.position = batch.position
            self._begun.set()
