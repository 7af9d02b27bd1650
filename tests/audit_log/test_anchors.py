"""Anchors: made while the log grows, and what they find that a chain does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from ledger_events import call_id, draft, opening
from postgres_ledger import PostgresLedger, utc_now

from cordboard.audit_log.anchor_verification import verify_anchors
from cordboard.audit_log.anchor_witness import AnchorWitness
from cordboard.audit_log.anchorer import Anchorer
from cordboard.audit_log.anchors import Anchor, AnchoredHead, AnchorStore, merkle_root
from cordboard.audit_log.assembly import Stores, memory_stores, postgres_stores
from cordboard.audit_log.fault import Progress
from cordboard.audit_log.record import GENESIS, StreamKey
from cordboard.audit_log.verification import verify
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, create_keys

CALL, OTHER = StreamKey("call", call_id(1)), StreamKey("call", call_id(2))
Make = Callable[..., Anchorer]


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return memory_stores(utc_now)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return postgres_stores(ledger.database, ledger.store, utc_now)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def witness(tmp_path: Path) -> AnchorWitness:
    return AnchorWitness(tmp_path / "anchors")


@pytest.fixture
def make(keys: Path, witness: AnchorWitness) -> Make:
    identity = ServiceIdentity.load(keys, "ledger", "ledger-1")
    return lambda stores: Anchorer(stores.events, stores.anchors, identity, utc_now, witness, every=0.01)


async def open_call(stores: Stores, stream: StreamKey) -> None:
    await stores.events.append([draft(stream, 1, source="ledger/l/b")], opening=opening(stream.id))


async def say(stores: Stores, stream: StreamKey, *numbers: int) -> None:
    await stores.events.append([draft(stream, number, f"words {number}") for number in numbers])


async def faults(
    stores: Stores, keys: Path, witness: AnchorWitness | None = None
) -> list[tuple[StreamKey | None, int, str, int]]:
    """Verify chains and anchors as the ledger does, and give (stream, seq, reason, anchor) of each fault."""
    signed = partial(TokenVerifier.load(keys).signed, "ledger")
    copies = list(witness.kept()) if witness is not None else []

    async def both() -> AsyncIterator[Progress]:
        async for progress in verify(stores.events):
            yield progress
        async for progress in verify_anchors(stores.events, stores.anchors, signed, copies):
            yield progress

    return [(fault.stream, fault.seq, fault.reason, fault.anchor) async for one in both() for fault in one.faults]


async def fill(stores: Stores, make: Make) -> None:
    """Write two calls, with three anchors between and after."""
    await open_call(stores, CALL)
    await say(stores, CALL, 1, 2)
    await make(stores).anchor_now()
    await open_call(stores, OTHER)
    await say(stores, CALL, 3)
    await make(stores).anchor_now()
    await say(stores, OTHER, 1, 2)
    await make(stores).anchor_now()


async def test_states_the_streams_that_grew_and_chains_what_it_states(stores: Stores, make: Make, keys: Path) -> None:
    await fill(stores, make)
    kept = await stores.anchors.page(0, 10)
    assert [[(head.stream, head.seq) for head in heads] for _, heads in kept] == [
        [(CALL, 3)],
        [(CALL, 4), (OTHER, 1)],
        [(OTHER, 3)],
    ]
    assert [anchor.number for anchor, _ in kept] == [1, 2, 3]
    assert kept[0][0].previous == GENESIS
    assert kept[1][0].previous == kept[0][0].digest()
    assert kept[2][0].position == await stores.events.wait_beyond(-1)
    assert await stores.anchors.last() == kept[2][0]
    assert await faults(stores, keys) == []


async def test_follows_the_log_and_rests_when_nothing_happens(stores: Stores, make: Make, keys: Path) -> None:
    anchorer = make(stores)
    running = asyncio.create_task(anchorer.run())
    async with asyncio.timeout(30):
        for number, stream in enumerate((CALL, OTHER), 1):
            await open_call(stores, stream)
            while (last := await stores.anchors.last()) is None or last.number < number:
                await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await stores.anchors.page(0, 10)) == 2
    assert await faults(stores, keys) == []


async def test_an_anchor_that_another_ledger_made_is_not_made_again(stores: Stores, make: Make, keys: Path) -> None:
    await open_call(stores, CALL)
    one, other = make(stores), make(stores)
    await asyncio.gather(one.anchor_now(), other.anchor_now())
    await say(stores, CALL, 1)
    await asyncio.gather(one.anchor_now(), other.anchor_now())
    assert [anchor.number for anchor, _ in await stores.anchors.page(0, 10)] == [1, 2]
    assert await faults(stores, keys) == []


async def test_copies_are_kept_outside_of_the_database(stores: Stores, make: Make, witness: AnchorWitness) -> None:
    await fill(stores, make)
    assert list(witness.kept()) == [anchor for anchor, _ in await stores.anchors.page(0, 10)]


async def test_a_copy_that_a_crash_cut_short_does_not_count(
    stores: Stores, make: Make, witness: AnchorWitness, tmp_path: Path
) -> None:
    await fill(stores, make)
    (path,) = (tmp_path / "anchors").iterdir()
    path.write_text(path.read_text()[:-20])
    assert [anchor.number for anchor in witness.kept()] == [1, 2]


async def change(ledger: PostgresLedger, *statements: str) -> None:
    connection = await asyncpg.connect(ledger.url)
    await connection.execute("set ledger.maintenance = 'on'")
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


CUT = (
    f"delete from ledger.event where stream_id = '{OTHER.id}' and seq > 1",
    f"""update ledger.stream set seq = 1, hash = (select hash from ledger.event where stream_id = '{OTHER.id}')
        where id = '{OTHER.id}'""",
)
DELETED = tuple(
    f"delete from ledger.{table} where {column} = '{OTHER.id}'"
    for table, column in (("event", "stream_id"), ("stream", "id"), ("call_key", "call_id"), ("call", "call_id"))
)


async def test_finds_a_tail_that_was_cut_off_though_the_chain_holds(
    postgres_ledger: PostgresLedger, make: Make, keys: Path
) -> None:
    stores = postgres_stores(postgres_ledger.database, postgres_ledger.store, utc_now)
    await fill(stores, make)
    await change(postgres_ledger, *CUT)
    assert [fault async for one in verify(stores.events) for fault in one.faults] == []
    assert await faults(stores, keys) == [(OTHER, 3, "TAIL_CUT", 3)]


async def test_finds_a_call_that_was_deleted_as_a_whole(
    postgres_ledger: PostgresLedger, make: Make, keys: Path
) -> None:
    stores = postgres_stores(postgres_ledger.database, postgres_ledger.store, utc_now)
    await fill(stores, make)
    await change(postgres_ledger, *DELETED)
    assert [fault async for one in verify(stores.events) for fault in one.faults] == []
    assert await faults(stores, keys) == [(OTHER, 3, "STREAM_MISSING", 3)]


@pytest.mark.parametrize(
    ("statement", "reasons"),
    [
        ("update ledger.anchor set position = position + 1 where number = 3", ["ANCHOR_SIGNATURE"]),
        (
            "update ledger.anchor set anchored_at = anchored_at + interval '1 hour' where number = 1",
            ["ANCHOR_SIGNATURE", "ANCHOR_PREV_MISMATCH"],
        ),
        ("update ledger.anchor set heads = '' where number = 3", ["ANCHOR_ROOT_MISMATCH"]),
        ("update ledger.anchor set heads = 'x' where number = 3", ["ANCHOR_ROOT_MISMATCH"]),
        ("delete from ledger.anchor where number = 2", ["ANCHOR_GAP"]),
    ],
)
async def test_finds_an_anchor_that_was_changed(
    postgres_ledger: PostgresLedger, make: Make, keys: Path, statement: str, reasons: list[str]
) -> None:
    stores = postgres_stores(postgres_ledger.database, postgres_ledger.store, utc_now)
    await fill(stores, make)
    await change(postgres_ledger, statement)
    assert [reason for _, _, reason, _ in await faults(stores, keys)] == reasons


async def test_the_last_anchors_cut_off_together_with_what_they_state_are_missed_by_the_copies(
    postgres_ledger: PostgresLedger, make: Make, keys: Path, witness: AnchorWitness
) -> None:
    stores = postgres_stores(postgres_ledger.database, postgres_ledger.store, utc_now)
    await fill(stores, make)
    await change(postgres_ledger, *CUT, "delete from ledger.anchor where number = 3")
    assert await faults(stores, keys) == []
    assert await faults(stores, keys, witness) == [(None, 0, "ANCHOR_MISSING", 3)]


async def test_an_anchor_signed_anew_by_somebody_else_is_found(stores: Stores, make: Make, keys: Path) -> None:
    await open_call(stores, CALL)
    identity = ServiceIdentity.load(keys, "worker", "worker-1")
    await Anchorer(stores.events, stores.anchors, identity, utc_now).anchor_now()
    assert await faults(stores, keys) == [(None, 0, "ANCHOR_SIGNATURE", 1)]


async def test_a_former_key_of_the_ledger_still_proves_what_it_signed(stores: Stores, make: Make, keys: Path) -> None:
    await fill(stores, make)
    public = (keys / "public.json").read_text()
    (keys / "public.json").write_text(public.replace('"ledger"', '"ledger.2031"'))
    (keys / "ledger.pem").unlink()
    create_keys(keys)
    await open_call(stores, StreamKey("call", call_id(3)))
    identity = ServiceIdentity.load(keys, "ledger", "ledger-1")
    await Anchorer(stores.events, stores.anchors, identity, utc_now).anchor_now()
    assert await faults(stores, keys) == []


async def test_anchors_cannot_be_changed_by_accident(postgres_ledger: PostgresLedger, make: Make) -> None:
    await fill(postgres_stores(postgres_ledger.database, postgres_ledger.store, utc_now), make)
    connection = await asyncpg.connect(postgres_ledger.url)
    for statement in ("update ledger.anchor set streams = 9", "delete from ledger.anchor", "truncate ledger.anchor"):
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute(statement)
    await connection.close()


def test_each_head_its_place_and_the_number_of_heads_change_the_root() -> None:
    heads = [AnchoredHead(StreamKey("call", f"c{number}"), number, bytes([number]) * 32) for number in range(1, 8)]
    roots = {merkle_root(heads[:count]) for count in range(1, 8)}
    roots.add(merkle_root([heads[1], heads[0]]))
    roots.add(merkle_root([heads[0]._replace(seq=9)]))
    roots.add(merkle_root([heads[0]._replace(hash=bytes(32))]))
    roots.add(merkle_root([heads[0]._replace(stream=StreamKey("agent", "c1"))]))
    assert len(roots) == 11


async def test_a_store_keeps_one_anchor_of_a_number(stores: Stores) -> None:
    store: AnchorStore = stores.anchors
    head = AnchoredHead(CALL, 1, bytes(32))
    anchor = Anchor(1, utc_now(), 5, 1, merkle_root([head]), GENESIS, bytes(64))
    assert await store.add(anchor, [head])
    assert not await store.add(replace(anchor, position=9), [head])
    assert await store.page(0, 10) == [(anchor, [head])]
    assert await store.page(1, 10) == []
