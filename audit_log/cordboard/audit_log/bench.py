"""How fast the record takes events, beside the rate at which PostgreSQL takes the same rows by COPY."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.event_codec import to_draft
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.schema import prepare_schema
from cordboard.audit_log.record import GENESIS, Row
from cordboard.audit_log.sealing import CallKey
from cordboard.audit_log.stream_state import Place, StreamState, link
from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client import Ledger
from cordboard.runtime.ledger_client.call_id import make_call_id

BATCH = 256
# What a producer ships at once while it is busy.
SHIPMENT = 64
# 250 bytes of text, as the transcript of a long sentence.
_TEXT = "I have had this pain in my left knee for about two weeks now and it gets worse whenever I climb stairs. " * 3


@dataclass(frozen=True, slots=True)
class Rates:
    """Events per second (medians over rounds that alternate), and the machine's load while they were measured.

    `appender_ratio` is the median of the rounds' own ratios; at least 0.6 is wanted.
    """

    copy: float
    appender: float
    appender_ratio: float
    load_average: float


def _now() -> datetime:
    return datetime.now(UTC)


async def measure_database(url: str, events: int = 10_000, rounds: int = 5) -> Rates:
    """Write events by COPY, then the same through the appender, in turns, into an empty database made for it.

    The rows of COPY stand in no chain: never name the database of a ledger.
    """
    database = Database(url)
    await prepare_schema(database, _now)
    store = PostgresEventStore(database, _now)
    store.appender.start()
    await store.appender.wait_until_leading()
    try:
        pairs = [(await _measure_copy(database, events), await _measure_appender(store, events)) for _ in range(rounds)]
    finally:
        await store.appender.stop()
        await database.close()
    return Rates(
        copy=median(copied for copied, _ in pairs),
        appender=median(appended for _, appended in pairs),
        appender_ratio=median(appended / copied for copied, appended in pairs),
        load_average=os.getloadavg()[0],
    )


async def measure_ledger(
    opener: Ledger, ledger: Ledger, source: str, events: int = 10_000, producers: int = 4
) -> float:
    """Append through a Ledger from several producers at once; events per second.

    `opener` may open calls; `ledger` is a voice agent's, whose facts are appended, and `source` its name.
    """
    each = events // producers
    lanes: list[list[NewEvent]] = []
    for number in range(producers):
        opened = await opener.open_call(
            tenant="bench", request_id=_call_id(), args_digest=bytes(32), vertical="bench", token_id=""
        )
        lanes.append([_event(opened.call_id, seq, f"{source}{number}") for seq in range(1, each + 1)])

    async def ship(lane: Sequence[NewEvent]) -> None:
        for at in range(0, len(lane), SHIPMENT):
            await ledger.append(lane[at : at + SHIPMENT])

    started = time.perf_counter()
    await asyncio.gather(*(ship(lane) for lane in lanes))
    return producers * each / (time.perf_counter() - started)


async def _measure_copy(database: Database, events: int) -> float:
    drafts = _drafts(_call_id(), events)
    state = StreamState(drafts[0].stream, "bench", "standard", 0, 0, GENESIS)
    # Positions far beyond what the appender gives out, so that nobody who follows the log meets them.
    rows = link(drafts, {state.key: state}, Place(2**62, 0, _now()))
    async with database.connection() as connection:
        started = time.perf_counter()
        for at in range(0, events, BATCH):
            async with connection.transaction():
                await connection.copy_records_to_table(
                    "event", schema_name="ledger", records=rows[at : at + BATCH], columns=Row._fields
                )
        return events / (time.perf_counter() - started)


async def _measure_appender(store: PostgresEventStore, events: int, producers: int = 16) -> float:
    lanes = [_drafts(_call_id(), events // producers) for _ in range(producers)]
    for lane in lanes:
        await store.append(lane[:1], opening=_opening(lane[0].stream.id))
    started = time.perf_counter()
    await asyncio.gather(*(_append_all(store, lane[1:]) for lane in lanes))
    return sum(len(lane) - 1 for lane in lanes) / (time.perf_counter() - started)


async def _append_all(store: PostgresEventStore, drafts: Sequence[Draft]) -> None:
    for at in range(0, len(drafts), SHIPMENT):
        await store.append(drafts[at : at + SHIPMENT])


def _drafts(call_id: str, count: int) -> list[Draft]:
    key = CallKey(os.urandom(32))
    return [to_draft(_event(call_id, seq, "bench/bench/0"), key) for seq in range(1, count + 1)]


def _event(call_id: str, number: int, source: str) -> NewEvent:
    event = NewEvent(
        stream=Stream(kind="call", id=call_id),
        source=source,
        source_seq=number,
        media_us=number * 20_000,
        leg_id="caller",
        turn_id=f"t{number}",
        actor="caller",
        build_id="bench",
    )
    event.occurred_at.FromDatetime(_now())
    event.event.Pack(UtteranceHeard(turn_id=f"t{number}", leg_id="caller", text=_TEXT[:250], confidence=0.9))
    return event


def _call_id() -> str:
    return make_call_id(_now(), os.urandom(10))


def _opening(call_id: str) -> Opening:
    return Opening(call_id, "bench", call_id, "", bytes(32), "bench", "bench", b"bench", _now())
