"""Numbers a process's events and brings them to the ledger, whatever happens to the ledger meanwhile."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TypedDict, Unpack

from google.protobuf.message import Message

from cordboard.core.errors import ExhaustedError
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent, Stream
from cordboard.runtime.ledger_client.ledger import Ledger
from cordboard.runtime.ledger_client.outbox import Outbox, OutboxReport
from cordboard.runtime.ledger_client.shipper import Shipper
from cordboard.runtime.ledger_client.spool import SUFFIX, FileSpool, Spool
from cordboard.runtime.ledger_client.spool_seal import KeySource, SpoolSeal
from cordboard.runtime.ledger_client.tally import SUFFIX as TALLY_SUFFIX
from cordboard.runtime.ledger_client.tally import Tally, tallies_of_the_dead
from cordboard.runtime.trace_context import current_trace_id
from cordboard.runtime.wall_clock import utc_now

MEMORY_LIMIT = 32 * 1024 * 1024

_log = logging.getLogger(__name__)
# Far more streams than a process has at once: a call that said nothing for so many others is over.
KEEP_NUMBERS = 65_536


class About(TypedDict, total=False):
    """What may be said about an event beside its message; the producer's clock gives `occurred_at` when left out,
    the running trace `trace_id`."""

    occurred_at: datetime
    media_us: int
    leg_id: str
    turn_id: str
    causation: EventRef
    actor: str
    trace_id: str


class EventProducer:
    """The way on which a process's events reach the log: in order per stream, numbered from 1 without gaps.

    An event is in the spool before `record` returns, and within 250 ms acknowledged by the ledger or durable. After a
    crash the next process with the same spool directory ships what was left, and tells how many events the dead one had
    numbered. Use it as an async context manager, or
    call `start` and `close`. Events with PHI are spooled under a key of their call, and not before that is known.
    """

    def __init__(
        self,
        ledger: Ledger,
        source: str,
        spool_dir: Path,
        clock: Callable[[], datetime] = utc_now,
        *,
        build_id: str = "",
        keys: KeySource | None = None,
        memory_limit: int = MEMORY_LIMIT,
        keep_numbers: int = KEEP_NUMBERS,
        open_spool: Callable[[Path], Spool] = FileSpool,
    ) -> None:
        """Make a producer for `source` (`component/instance/boot_id`); `memory_limit` in bytes bounds what it holds.

        `keys` seal what of the spool holds PHI; without them such events wait in memory only.
        """
        self.source = source
        self._clock = clock
        self._build_id = build_id
        self._numbers: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._traces: OrderedDict[str, str] = OrderedDict()
        self._keep_numbers = keep_numbers
        name = source.replace("/", "_")
        path = spool_dir / (name + SUFFIX)
        self._tally_path = spool_dir / (name + TALLY_SUFFIX)
        self._tally: Tally | None = None
        self._started = False
        self._seal = SpoolSeal(keys)
        self._outbox = Outbox(Shipper(ledger), path, self._seal, memory_limit=memory_limit, open_spool=open_spool)

    async def __aenter__(self) -> "EventProducer":
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to ship, with what earlier processes left in the spool directory. Needs a running loop."""
        if not self._started:
            self._started = True
            self._begin_to_count()
        self._outbox.start()

    def expect(self, stream: Stream) -> None:
        """Get ready for a stream's events: what the first of them needs to be spooled is asked for now."""
        self.start()
        self._outbox.expect(stream)

    def record_nowait(self, stream: Stream, event: Message, **about: Unpack[About]) -> int:
        """Take an event and give its source_seq; 0 when there was no room for it (it is counted as lost).

        Never waits and never raises for want of a ledger or a disk, so the media path may call it.
        """
        return self._take(stream, event, about)

    async def record(self, stream: Stream, event: Message, **about: Unpack[About]) -> int:
        """Take an event as record_nowait does; an awaitable only so that callers need not know which they call."""
        return self._take(stream, event, about)

    async def record_durably(self, stream: Stream, event: Message, **about: Unpack[About]) -> int:
        """Take an event, wait until the ledger has it, and give its seq in the stream.

        Waits as long as the ledger is away. Raises what the ledger refuses it with, or ExhaustedError (SPOOL_FULL).
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if not self._take(stream, event, about, done):
            raise ExhaustedError("SPOOL_FULL", "the ledger is away and there is no room for more events")
        return await done

    async def flush(self) -> None:
        """Return when all that was recorded is on the log or refused for good."""
        self.start()
        await self._outbox.flush()

    def forget_call(self, call_id: str) -> None:
        """Forget the key of a call that was erased; what of it waits in the spool is nobody's any more."""
        self._seal.forget(call_id)

    def report(self) -> OutboxReport:
        """Tell how the producer stands."""
        return self._outbox.report()

    async def close(self, grace: float = 2.0) -> None:
        """Ship what is left for up to `grace` seconds; what remains stays in the spool for the next process."""
        await self._outbox.close(grace)
        # Whoever audits the log compares it with this: as many events of this source stand there, or wait in the spool.
        count = sum(self._numbers.values())
        _log.info("a producer has closed", extra={"source": self.source, "count": count})
        if self._tally is not None:
            self._tally.close()
            self._tally = None

    def _begin_to_count(self) -> None:
        """Open the tally, and tell the counts of those who died: whoever audits the log compares it with them."""
        try:
            for source, count in tallies_of_the_dead(self._tally_path.parent):
                _log.info("a producer has died", extra={"source": source, "count": count})
            self._tally = Tally(self._tally_path, self.source)
        except OSError as error:
            _log.warning("events are not counted on disk", extra={"code": str(error.errno)})

    def _trace_of(self, stream: Stream) -> str:
        """Give the trace of what happens now; of a call the one that its first event here belonged to."""
        current = current_trace_id()
        if stream.kind != "call":
            return current
        if current and stream.id not in self._traces:
            self._traces[stream.id] = current
            if len(self._traces) > self._keep_numbers:
                self._traces.popitem(last=False)
        return self._traces.get(stream.id, "")

    def _take(self, stream: Stream, event: Message, about: About, done: asyncio.Future[int] | None = None) -> int:
        self.start()
        key = (stream.kind, stream.id)
        number = self._numbers.get(key, 0) + 1
        taken = NewEvent(
            stream=stream,
            source=self.source,
            source_seq=number,
            media_us=about.get("media_us", 0),
            causation=about.get("causation"),
            leg_id=about.get("leg_id", ""),
            turn_id=about.get("turn_id", ""),
            trace_id=about.get("trace_id") or self._trace_of(stream),
            actor=about.get("actor", "engine"),
            build_id=self._build_id,
        )
        taken.event.Pack(event, deterministic=True)
        taken.occurred_at.FromDatetime(about.get("occurred_at") or self._clock())
        if not self._outbox.put(taken, done):
            # The number is not used up: what reaches the log stays without gaps, the loss is counted apart.
            return 0
        if self._tally is not None:
            self._tally.add()
        self._numbers[key] = number
        self._numbers.move_to_end(key)
        if len(self._numbers) > self._keep_numbers:
            self._numbers.popitem(last=False)
        return number
