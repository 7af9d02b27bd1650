"""Verification of the chain: passes on what was written, and notices every change."""

import asyncpg
import pytest
from ledger_events import call_id, draft, opening
from postgres_ledger import PostgresLedger

from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.fault import Fault, Progress
from cordboard.audit_log.record import Row, StreamKey
from cordboard.audit_log.verification import verify
from cordboard.core.errors import NotFoundError

CALL = StreamKey("call", call_id(1))
OTHER = StreamKey("call", call_id(2))


async def fill(store: EventStore) -> None:
    for stream in (CALL, OTHER):
        await store.append([draft(stream, 1, source="ledger/l/b")], opening=opening(stream.id))
        await store.append([draft(stream, n, f"words {n}") for n in range(1, 4)])
    await store.append([draft(StreamKey("node", "media-node-1"), 1)])


async def result(store: EventStore, stream: StreamKey | None = None) -> tuple[Progress, list[Fault]]:
    faults: list[Fault] = []
    last = Progress()
    async for progress in verify(store, stream):
        faults += progress.faults
        last = progress
    return last, faults


async def test_passes_on_what_was_written(event_store: EventStore) -> None:
    await fill(event_store)
    total, faults = await result(event_store)
    assert faults == []
    assert (total.streams, total.events) == (3, 9)


async def test_checks_one_stream(event_store: EventStore) -> None:
    await fill(event_store)
    total, faults = await result(event_store, CALL)
    assert (total.streams, total.events, faults) == (1, 4, [])


async def test_an_unknown_stream_is_not_found(event_store: EventStore) -> None:
    with pytest.raises(NotFoundError):
        await result(event_store, CALL)


async def change(ledger: PostgresLedger, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(ledger.url)
    await connection.execute("set ledger.maintenance = 'on'")
    await connection.execute(statement, *arguments)
    await connection.close()


FLIPS = {
    **{name: f"{name} = set_byte({name}, 0, get_byte({name}, 0) # 1)" for name in ("body", "sealed", "dedupe", "hash")},
    **{name: f"{name} = set_byte({name}, 0, get_byte({name}, 0) # 1)" for name in ("prev_hash", "sealed_digest")},
    **{
        name: f"{name} = {name} || 'x'"
        for name in (
            "leg_id",
            "turn_id",
            "causation_stream",
            "trace_id",
            "actor",
            "source",
            "build_id",
            "type",
            "tenant",
        )
    },
    **{name: f"{name} = {name} + 100" for name in ("position", "source_seq", "media_us", "causation_seq", "shard")},
    **{name: f"{name} = {name} + interval '1 microsecond'" for name in ("occurred_at", "recorded_at")},
    "seq": "seq = 77",
}


def test_every_column_is_tried() -> None:
    in_the_key_of_the_partition = {"stream_kind", "stream_id", "retention_class"}
    assert FLIPS.keys() == set(Row._fields) - in_the_key_of_the_partition


@pytest.mark.parametrize("column", FLIPS)
async def test_notices_one_changed_column_of_one_row(postgres_ledger: PostgresLedger, column: str) -> None:
    await fill(postgres_ledger.store)
    where = "where stream_id = $1 and seq = 2"
    await change(postgres_ledger, f"update ledger.event set {FLIPS[column]} {where}", CALL.id)
    _, faults = await result(postgres_ledger.store)
    assert faults
    assert {fault.stream for fault in faults} == {CALL}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("delete from ledger.event where stream_id = $1 and seq = 2", "GAP"),
        ("delete from ledger.event where stream_id = $1 and seq = 4", "HEAD_MISMATCH"),
        ("delete from ledger.event where stream_id = $1", "HEAD_MISMATCH"),
        ("delete from ledger.stream where id = $1", "HEAD_MISMATCH"),
        ("update ledger.stream set hash = sha256('x') where id = $1", "HEAD_MISMATCH"),
        ("update ledger.event set sealed = null where stream_id = $1 and seq = 2", None),
    ],
)
async def test_tells_how_the_chain_is_broken(
    postgres_ledger: PostgresLedger, statement: str, reason: str | None
) -> None:
    """A removed ciphertext is no fault: its digest stays, and erasure may take it."""
    await fill(postgres_ledger.store)
    await change(postgres_ledger, statement, CALL.id)
    _, faults = await result(postgres_ledger.store)
    assert {fault.reason for fault in faults} >= ({reason} if reason else set())
    assert bool(faults) == bool(reason)


async def test_a_call_that_was_deleted_whole_is_missed(postgres_ledger: PostgresLedger) -> None:
    await fill(postgres_ledger.store)
    for statement in ("delete from ledger.event where stream_id = $1", "delete from ledger.stream where id = $1"):
        await change(postgres_ledger, statement, CALL.id)
    _, faults = await result(postgres_ledger.store)
    assert [(fault.stream, fault.reason) for fault in faults] == [(CALL, "HEAD_MISMATCH")]
