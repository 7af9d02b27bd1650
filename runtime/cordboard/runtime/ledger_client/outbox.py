"""Events on their way to the ledger: in memory and in the spool, soon on disk, until acknowledged."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from google.protobuf.message import DecodeError

from cordboard.core.errors import InternalError, UnavailableError
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client.shipper import Outcome, Shipper
from cordboard.runtime.ledger_client.spool import FileSpool, Spool, leftovers
from cordboard.runtime.ledger_client.spool_seal import SpoolSeal

BATCH_EVENTS = 256
BATCH_BYTES = 1024 * 1024
# Half of the 250 ms within which an event has to be durable; the other half is for the disk.
SPOOL_EVERY = 0.125
DISK_RETRY = 1.0
AFTER_FAILURE = 1.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """How an outbox stands: events waiting, on disk only, refused by the ledger, and dropped for want of room."""

    pending: int
    spilled: int
    refused: int
    lost: int
    disk_failed: bool
    ledger_away: bool


@dataclass(slots=True)
class _Entry:
    event: NewEvent | None  # None: only the spool has it
    size: int
    done: asyncio.Future[int] | None
    offset: int = -1
    settled: bool = False


class Outbox:
    """Ships events in order, and keeps in a file what the ledger has not acknowledged.

    An event is in the file before `put` returns, so that it outlasts a process that is killed; it is made durable when
    the ledger has not acknowledged it after a moment.
    Above `memory_limit` bytes what is on disk leaves the memory; when the disk fails too, twice the limit is kept in
    memory and then `put` refuses. What the seal gives no record for is kept in memory alone.
    """

    def __init__(
        self,
        shipper: Shipper,
        path: Path,
        seal: SpoolSeal,
        *,
        memory_limit: int,
        open_spool: Callable[[Path], Spool] = FileSpool,
    ) -> None:
        """Make an empty outbox that spools to `path`; the file is made when it is first needed."""
        self._shipper = shipper
        self._path = path
        self._seal = seal
        self._memory_limit = memory_limit
        self._open_spool = open_spool
        self._queue: deque[_Entry] = deque()
        self._unwritten: deque[_Entry] = deque()
        self._unsynced: list[_Entry] = []
        self._held = 0
        self._refused = 0
        self._lost = 0
        self._disk_failed = False
        self._spool: Spool | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._to_ship = asyncio.Event()
        self._to_write = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to ship, with what earlier processes left beside the spool. Starting twice is fine."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._ship_leftovers(), name="spool-leftovers"),
                asyncio.create_task(_for_ever(self._ship), name="event-shipper"),
                asyncio.create_task(_for_ever(self._write), name="spool-writer"),
            ]

    def expect(self, stream: Stream) -> None:
        """Have the key that events of the stream are spooled under asked for before the first of them comes."""
        self._seal.prepare(stream, self._to_write.set)

    def put(self, event: NewEvent, done: asyncio.Future[int] | None = None) -> bool:
        """Take an event; False when there is no room. `done` gets its seq, or why the ledger refused it."""
        if self._held > self._memory_limit * 2:
            self._lost += 1
            if self._lost == 1:
                _log.error("events are lost: neither ledger nor disk takes them", extra={"source": event.source})
            return False
        entry = _Entry(event, event.ByteSize(), done)
        self._held += entry.size
        self._queue.append(entry)
        self._idle.clear()
        self._seal.prepare(event.stream, self._to_write.set)
        self._unwritten.append(entry)
        if not self._disk_failed:
            self._write_down()
        self._to_ship.set()
        self._to_write.set()
        return True

    async def flush(self) -> None:
        """Return when all that was put is on the log or refused for good."""
        await self._idle.wait()

    def report(self) -> OutboxReport:
        """Tell how the outbox stands."""
        return OutboxReport(
            pending=len(self._queue),
            spilled=sum(1 for entry in self._queue if entry.event is None),
            refused=self._refused,
            lost=self._lost,
            disk_failed=self._disk_failed,
            ledger_away=self._shipper.away,
        )

    async def close(self, grace: float) -> None:
        """Ship what is left for up to `grace` seconds; what remains stays on disk."""
        if self._tasks:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._write_pending()
        self._seal.close()
        for entry in self._queue:
            if entry.done is not None and not entry.done.done():
                entry.done.set_exception(UnavailableError("LEDGER_AWAY", "the event waits in the spool"))
        if self._spool is not None:
            self._spool.close(bool(self._queue))
            self._spool = None
        self._thread.shutdown(wait=False)

    async def _ship(self) -> None:
        while True:
            while not self._queue:
                self._to_ship.clear()
                await self._to_ship.wait()
            batch = self._next_batch()
            events = [entry.event or await self._from_disk(entry.offset) for entry in batch]
            outcomes = iter(await self._shipper.ship([event for event in events if event is not None]))
            for entry, event in zip(batch, events, strict=True):
                self._queue.popleft()
                self._settle(entry, next(outcomes) if event is not None else _damaged())
            if not self._queue:
                self._idle.set()
                self._to_write.set()

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size = 0
        for entry in islice(self._queue, BATCH_EVENTS):
            size += entry.size
            if batch and size > BATCH_BYTES:
                break
            batch.append(entry)
        return batch

    def _settle(self, entry: _Entry, outcome: Outcome) -> None:
        entry.settled = True
        if entry.event is not None:
            self._held -= entry.size
        if not isinstance(outcome, int):
            self._refused += 1
        if entry.done is None or entry.done.done():
            return
        if isinstance(outcome, int):
            entry.done.set_result(outcome)
        else:
            entry.done.set_exception(outcome)

    async def _write(self) -> None:
        while True:
            await self._to_write.wait()
            self._to_write.clear()
            await asyncio.sleep(SPOOL_EVERY)
            await self._write_pending()
            if self._disk_failed:
                await asyncio.sleep(DISK_RETRY)
                self._to_write.set()

    async def _write_pending(self) -> None:
        """Make durable what the ledger has not acknowledged by now; empty the file when all is acknowledged."""
        if not self._write_down() or self._spool is None:
            return
        written, self._unsynced = self._unsynced, []
        try:
            if any(not entry.settled for entry in written):
                await self._on_thread(self._spool.sync)
            elif not self._queue:
                self._spool.clear()
        except OSError as error:
            self._unsynced = written + self._unsynced
            self._fail(error)
            return
        if self._held > self._memory_limit:
            self._spill(written)

    def _write_down(self) -> bool:
        """Write what is not in the file and may be; False when the disk fails."""
        chunk, records, kept = self._unwritten_records()
        try:
            if records:
                if self._spool is None:
                    self._spool = self._open_spool(self._path)
                for entry, offset in zip(chunk, self._spool.append(records), strict=True):
                    entry.offset = offset
        except OSError as error:
            self._fail(error)
            return False
        self._disk_failed = False
        self._unwritten = kept
        self._unsynced += chunk
        return True

    def _fail(self, error: OSError) -> None:
        if not self._disk_failed:
            _log.error("the spool cannot be written", extra={"code": str(error.errno)})
        self._disk_failed = True

    def _unwritten_records(self) -> tuple[list[_Entry], list[bytes], deque[_Entry]]:
        """Give what can be written, its records, and what has to wait."""
        chunk: list[_Entry] = []
        records: list[bytes] = []
        kept: deque[_Entry] = deque()
        for entry in self._unwritten:
            if entry.settled or entry.event is None:
                continue
            record = self._seal.record(entry.event)
            if record is None:
                kept.append(entry)
            else:
                chunk.append(entry)
                records.append(record)
        return chunk, records, kept

    def _spill(self, chunk: list[_Entry]) -> None:
        for entry in chunk:
            if not entry.settled and entry.event is not None:
                entry.event = None
                self._held -= entry.size

    async def _from_disk(self, offset: int) -> NewEvent | None:
        assert self._spool is not None
        try:
            event = await self._seal.open(await self._on_thread(self._spool.read, offset))
        except (OSError, DecodeError):
            event = None
        if event is None:
            _log.error("the spool is damaged: an event is lost, and its stream takes no more from this source")
        return event

    async def _ship_leftovers(self) -> None:
        try:
            for spool in await self._on_thread(lambda: list(leftovers(self._path.parent))):
                await self._ship_leftover(spool)
        except OSError as error:
            # What is left stays on disk for the next process.
            _log.error("what earlier processes left cannot be read", extra={"code": str(error.errno)})

    async def _ship_leftover(self, spool: FileSpool) -> None:
        keep = True
        try:
            records = await self._on_thread(lambda: list(spool.records()))
            events = await self._opened(records)
            # What had to wait for its key was written after what came later.
            events.sort(key=lambda event: event.source_seq)
            taken = 0
            for at in range(0, len(events), BATCH_EVENTS):
                outcomes = await self._shipper.ship(events[at : at + BATCH_EVENTS])
                taken += sum(1 for outcome in outcomes if isinstance(outcome, int))
            refused = taken < len(records)
            if refused:
                await self._on_thread(spool.set_aside)
            keep = refused
        except Exception:  # noqa: BLE001  # one file must not keep the others from the log
            _log.exception("what an earlier process left was not shipped")
        finally:
            spool.close(keep)

    async def _opened(self, records: list[bytes]) -> list[NewEvent]:
        events: list[NewEvent] = []
        for record in records:
            with contextlib.suppress(DecodeError):
                event = await self._seal.open(record)
                if event is not None:
                    events.append(event)
        return events

    async def _on_thread(self, function: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Go on after what nobody foresaw: events that are not shipped and not written are lost at the process's end."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001  # an edge: nobody waits for this task
            _log.exception("the way to the ledger failed and is tried again")
            await asyncio.sleep(AFTER_FAILURE)


def _damaged() -> InternalError:
    return InternalError("SPOOL_DAMAGED", "the event cannot be read from the spool")
