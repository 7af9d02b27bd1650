"""Which calls are being placed to which lines: the newest end of the log, followed once for all lines of a gateway."""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.originate_pb2 import PartyCalled
from cordboard.core.errors import CordboardError, UnavailableError
from cordboard.core.event_message import unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import Ledger

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_ENDS = (
    decisions.CallAnswered,
    decisions.CallAbandoned,
    decisions.CallCancelled,
    decisions.CallFailed,
)
_FOLLOWED = sorted(kind.DESCRIPTOR.full_name for kind in (PartyCalled, *_ENDS))

Line = tuple[str, str]
"""Tenant and name of a line."""


@dataclass(frozen=True, slots=True)
class LineNews:
    """A call is placed to the line, or is over there: `reason` says why, and is empty while it rings."""

    call_id: str
    vertical: str = ""
    reason: str = ""


class LineBoard:
    """Follows the log from the moment it is started; a line that is opened learns of what rings for it already."""

    def __init__(self, ledger: Ledger, *, patience: float) -> None:
        """Make a board; `patience` (seconds) is how long a line waits for the log to be followed at all."""
        self._ledger = ledger
        self._patience = patience
        self._begun = asyncio.Event()
        self._ringing: dict[str, tuple[Line, LineNews]] = {}
        self._open: defaultdict[Line, list[asyncio.Queue[LineNews]]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow. Needs a running loop."""
        self._task = asyncio.create_task(self._follow(), name="line-board")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def open(self, line: Line) -> asyncio.Queue[LineNews]:
        """Give the news of a line, those of calls that ring there now first. Raises UnavailableError(LEDGER_AWAY)."""
        try:
            async with asyncio.timeout(self._patience):
                await self._begun.wait()
        except TimeoutError:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again") from None
        news: asyncio.Queue[LineNews] = asyncio.Queue()
        for one, placed in self._ringing.values():
            if one == line:
                news.put_nowait(placed)
        self._open[line].append(news)
        return news

    def close(self, line: Line, news: asyncio.Queue[LineNews]) -> None:
        """Give a line no more news."""
        self._open[line].remove(news)
        if not self._open[line]:
            del self._open[line]

    def rings(self, line: Line, call_id: str) -> bool:
        """Tell whether a call rings at a line."""
        return call_id in self._ringing and self._ringing[call_id][0] == line

    async def _follow(self) -> None:
        position = 0
        while True:
            try:
                feed = self._ledger.subscribe(
                    after_position=position, from_now=not self._begun.is_set(), types=_FOLLOWED, with_phi=True
                )
                async for batch in feed:
                    for envelope in batch.events:
                        self._take(envelope)
                    position = batch.position
                    self._begun.set()
            except CordboardError as error:
                _log.warning("lines cannot be followed", extra={"reason": error.reason})
            await asyncio.sleep(_RETRY_SECONDS)

    def _take(self, envelope: Envelope) -> None:
        event, call_id = unpack(envelope), envelope.event.stream.id
        if isinstance(event, PartyCalled):
            line, news = (envelope.tenant, event.target), LineNews(call_id, event.vertical)
            self._ringing[call_id] = line, news
            self._tell(line, news)
        elif isinstance(event, _ENDS) and call_id in self._ringing:
            line, _ = self._ringing.pop(call_id)
            self._tell(line, LineNews(call_id, reason=_reason_of(event)))

    def _tell(self, line: Line, news: LineNews) -> None:
        for waiting in self._open.get(line, ()):
            waiting.put_nowait(news)


def _reason_of(event: Message) -> str:
    return getattr(event, "reason", "") or "ANSWERED"
