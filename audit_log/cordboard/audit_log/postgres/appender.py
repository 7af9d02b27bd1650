"""The one writer of a shard: numbers, seals and chains rows, and commits them in groups."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg

from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.event_store import Appended
from cordboard.audit_log.postgres.batch import Append, Batch, commit
from cordboard.audit_log.postgres.database import AWAY, Database, is_refusal
from cordboard.audit_log.postgres.feed import Feed
from cordboard.audit_log.postgres.stream_cache import StreamCache, load_numbers
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stored_keys import KeyChange
from cordboard.audit_log.stream_state import Known, Place, check, link, repeats, seqs_of
from cordboard.core.errors import CordboardError, InternalError, UnavailableError

BATCH_ROWS = 256
GATHER_SECONDS = 0.005
LOCK_CLASS = 7_215_002
LOCK_RETRY_SECONDS = 0.2
RECONNECT_SECONDS = 0.1
# Bounds the memory that waiting producers take while PostgreSQL is slow.
MAX_WAITING_ROWS = 20_000

_TRY_LOCK = "select pg_try_advisory_lock($1, $2)"

_log = logging.getLogger(__name__)


def _away(message: str) -> UnavailableError:
    return UnavailableError("LEDGER_AWAY", message)


class Appender:
    """Holds the shard's lease for as long as its session lives, and writes under its epoch.

    While one batch is being committed the next is being prepared. Whatever goes wrong, the producers of both are
    told that the ledger is away, and everything is read again from PostgreSQL before the next row is written; a
    producer that tries again and whose rows did get there is answered by its numbers. Only rows that PostgreSQL minds
    are refused for good: their batch is taken apart and its appends are written one by one.
    """

    def __init__(self, database: Database, feed: Feed, clock: Callable[[], datetime], shard: int = 0) -> None:
        """Make an appender that does not lead yet; `start` makes it try."""
        self._database = database
        self._feed = feed
        self._clock = clock
        self._shard = shard
        self._cache = StreamCache(shard)
        self._position = 0
        self._waiting: deque[Append] = deque()
        self._waiting_rows = 0
        self._suspects: deque[Append] = deque()
        self._wake = asyncio.Event()
        self._leading = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to try for the lease, and lead whenever it is held."""
        self._task = asyncio.create_task(self._lead_forever(), name="appender")

    async def stop(self) -> None:
        """Give up the lease. What is under way is answered with LEDGER_AWAY."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._fail_suspects()

    async def wait_until_leading(self) -> None:
        """Return when the lease is held."""
        await self._leading.wait()

    async def submit(
        self, drafts: Sequence[Draft], opening: Opening | None, change: KeyChange | None = None
    ) -> Appended:
        """Append all drafts or none, and return when they are durable; see EventStore.append."""
        if not self._leading.is_set() or self._waiting_rows > MAX_WAITING_ROWS:
            raise _away("the ledger cannot write now")
        append = Append(drafts, opening, change, asyncio.get_running_loop().create_future())
        self._waiting.append(append)
        self._waiting_rows += len(drafts)
        self._wake.set()
        return await append.done

    async def _lead_forever(self) -> None:
        while True:
            try:
                await self._lead()
            except Exception as error:  # noqa: BLE001  # the one writer must not end for what nobody foresaw
                self._after(error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _after(self, error: Exception) -> None:
        if is_refusal(error):
            code = getattr(error, "sqlstate", "")
            _log.error("the database refused a batch", extra={"shard": self._shard, "code": code})
            return
        # The suspects are written next only if this process leads on; else their producers have to ask again.
        self._fail_suspects()
        if isinstance(error, (*AWAY, CordboardError)):
            _log.warning("the appender lost its lease", extra={"shard": self._shard, "kind": type(error).__name__})
        else:
            _log.error("the appender failed", extra={"shard": self._shard}, exc_info=error)

    async def _lead(self) -> None:
        connection = await self._database.connect()
        try:
            while not await connection.fetchval(_TRY_LOCK, LOCK_CLASS, self._shard):
                # Another process leads; its session is the only thing that tells when it no longer does.
                self._fail_suspects()
                await asyncio.sleep(LOCK_RETRY_SECONDS)
            taken = await connection.fetchrow(
                "update ledger.shard set epoch = epoch + 1 where shard = $1 returning epoch, position", self._shard
            )
            if taken is None:
                raise InternalError("SHARD_UNKNOWN", "the shard is not in the database", shard=str(self._shard))
            epoch, self._position = taken["epoch"], taken["position"]
            connection.add_termination_listener(lambda _: self._wake.set())
            self._cache.clear()
            self._feed.reset(self._position)
            self._leading.set()
            _log.info("the appender leads", extra={"shard": self._shard, "epoch": epoch, "position": self._position})
            await self._write_batches(connection, epoch)
        finally:
            self._leading.clear()
            self._fail_waiting()
            connection.terminate()

    async def _write_batches(self, connection: asyncpg.Connection, epoch: int) -> None:
        committing: asyncio.Task[None] | None = None
        batch: Batch | None = None
        try:
            while True:
                appends = await self._gather(connection, committing)
                batch = await self._prepare(appends)
                if committing is not None:
                    await committing
                committing = asyncio.create_task(self._commit(connection, batch, epoch), name="ledger-commit")
                committing.add_done_callback(lambda _: self._wake.set())
                handed_over, batch = batch.handed_over, None
                await handed_over.wait()
        finally:
            if batch is not None:
                batch.fail(_away("the batch before it was not written"))
            if committing is not None:
                committing.cancel()
                await asyncio.gather(committing, return_exceptions=True)

    async def _gather(self, connection: asyncpg.Connection, committing: asyncio.Task[None] | None) -> list[Append]:
        """Take what waits: at once when nothing is being committed, else up to a full batch or 5 ms."""
        if self._suspects:
            if committing is not None:
                await committing
            return [self._suspects.popleft()]
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
            if committing is not None and committing.done():
                await committing
            if connection.is_closed():
                raise _away("the database went away")
        # Requests that came in the same turn of the loop join.
        await asyncio.sleep(0)
        if committing is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    while self._waiting_rows < BATCH_ROWS and not committing.done():
                        self._wake.clear()
                        await self._wake.wait()
        appends: list[Append] = []
        rows = 0
        while self._waiting and rows < BATCH_ROWS:
            append = self._waiting.popleft()
            rows += len(append.drafts)
            appends.append(append)
        self._waiting_rows -= rows
        return appends

    async def _prepare(self, appends: Sequence[Append]) -> Batch:
        batch = Batch(self._position)
        try:
            known = await self._load(appends)
        except BaseException:
            for append in appends:
                append.fail(_away("the ledger's database cannot be reached"))
            raise
        recorded_at = self._clock()
        for append in appends:
            try:
                self._place(append, batch, known, recorded_at)
            except CordboardError as error:
                append.fail(error)
        return batch

    async def _load(self, appends: Sequence[Append]) -> Known:
        opened = {StreamKey("call", append.opening.call_id) for append in appends if append.opening}
        missing = self._cache.missing(draft.stream for append in appends for draft in append.drafts)
        missing = [key for key in missing if key not in opened]
        if missing:
            async with self._database.connection() as connection:
                await self._cache.load(connection, missing)
        used = [number for append in appends for number in repeats(append.drafts, self._cache.states)]
        if not used:
            return {}
        async with self._database.connection() as connection:
            return await load_numbers(connection, used)

    def _place(self, append: Append, batch: Batch, known: Known, recorded_at: datetime) -> None:
        states = {draft.stream: self._cache.state(draft.stream, append.opening) for draft in append.drafts}
        fresh = check(append.drafts, states, known)
        for state in states.values():
            self._cache.keep(state)
        place = Place(self._position, self._shard, recorded_at)
        rows = link([append.drafts[index] for index in fresh], states, place)
        self._position += len(rows)
        batch.rows += rows
        if append.opening is not None:
            batch.openings.append(append.opening)
        if append.change is not None:
            batch.changes.append(append.change)
        seqs = seqs_of(append.drafts, states, known)
        batch.answers.append((append, Appended(seqs, len(append.drafts) - len(rows))))

    async def _commit(self, connection: asyncpg.Connection, batch: Batch, epoch: int) -> None:
        try:
            if batch.rows:
                await commit(connection, batch, self._shard, epoch)
        except asyncpg.PostgresError as error:
            if not is_refusal(error):
                batch.fail(_away("the database cannot write now"))
            elif len(batch.answers) == 1:
                batch.fail(InternalError("LEDGER_REFUSED", "the database refused the event"))
            else:
                self._suspects.extend(append for append, _ in batch.answers)
            raise
        except BaseException:
            batch.fail(_away("the batch was not written for certain"))
            raise
        finally:
            batch.handed_over.set()
        if batch.rows:
            self._feed.publish(batch.rows)
            self._cache.trim({draft.stream for append, _ in batch.answers for draft in append.drafts})
        batch.succeed()

    def _fail_waiting(self) -> None:
        for append in self._waiting:
            append.fail(_away("the ledger cannot write now"))
        self._waiting.clear()
        self._waiting_rows = 0

    def _fail_suspects(self) -> None:
        for append in self._suspects:
            append.fail(_away("the ledger cannot write now"))
        self._suspects.clear()
