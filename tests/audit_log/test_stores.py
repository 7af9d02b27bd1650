"""What the stores of calls, cursors and nodes promise, in memory and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_events import FakeClock, call_id, draft, opening
from postgres_ledger import PostgresLedger

from cordboard.audit_log.assembly import Stores, memory_stores, postgres_stores
from cordboard.audit_log.cursors import LEASE as CURSOR_LEASE
from cordboard.audit_log.nodes import LEASE as NODE_LEASE
from cordboard.audit_log.nodes import NodeEntry
from cordboard.audit_log.record import StreamKey
from cordboard.core.errors import ConflictError, UnavailableError

CALL = call_id(1)
MEDIA, VOICE = 1, 2


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest, clock: FakeClock) -> Stores:
    if request.param == "memory":
        return memory_stores(clock)
    ledger: PostgresLedger = request.getfixturevalue("postgres_ledger")
    return postgres_stores(ledger.database, ledger.store, clock)


async def open_call(stores: Stores) -> None:
    first = draft(StreamKey("call", CALL), 1)
    await stores.events.append([first], opening=opening(CALL, request_id="r1", token_id="t1"))


def node(number: int, load: int = 0, kind: int = MEDIA, capacity: int = 10) -> NodeEntry:
    return NodeEntry(f"node-{number}", kind, f"127.0.0.1:{number}", "boot", capacity, load)


async def test_finds_a_call_by_its_request_and_by_its_token(stores: Stores) -> None:
    await open_call(stores)
    by_request = await stores.calls.request("acme", "r1")
    assert by_request is not None
    assert (by_request.call_id, by_request.args_digest) == (CALL, bytes(32))
    assert await stores.calls.token("t1") == by_request
    assert await stores.calls.request("zen", "r1") is None
    assert await stores.calls.token("t2") is None


async def test_a_cursor_belongs_to_one_owner_until_its_lease_runs_out(stores: Stores, clock: FakeClock) -> None:
    first = await stores.cursors.lease("worker", "worker/1/a")
    assert (first.lease_epoch, first.position) == (1, 0)
    await stores.cursors.commit("worker", 1, 40)
    with pytest.raises(ConflictError) as caught:
        await stores.cursors.lease("worker", "worker/2/b")
    assert caught.value.reason == "CURSOR_HELD"
    clock.advance(CURSOR_LEASE.total_seconds())
    taken = await stores.cursors.lease("worker", "worker/2/b")
    assert (taken.lease_epoch, taken.position) == (2, 40)
    with pytest.raises(ConflictError) as caught:
        await stores.cursors.commit("worker", 1, 50)
    assert caught.value.reason == "CURSOR_LOST"


async def test_renewing_keeps_the_epoch(stores: Stores, clock: FakeClock) -> None:
    await stores.cursors.lease("worker", "worker/1/a")
    for _ in range(3):
        clock.advance(CURSOR_LEASE.total_seconds() - 0.1)
        assert (await stores.cursors.lease("worker", "worker/1/a")).lease_epoch == 1
    with pytest.raises(ConflictError):
        await stores.cursors.lease("worker", "worker/2/b")


async def test_a_cursor_never_moves_back(stores: Stores) -> None:
    await stores.cursors.lease("worker", "worker/1/a")
    await stores.cursors.commit("worker", 1, 40)
    await stores.cursors.commit("worker", 1, 30)
    assert (await stores.cursors.lease("worker", "worker/1/a")).position == 40


async def test_a_cursor_that_nobody_leased_is_lost(stores: Stores) -> None:
    with pytest.raises(ConflictError):
        await stores.cursors.commit("nobody", 1, 1)


async def test_places_a_call_on_the_least_loaded_node(stores: Stores) -> None:
    for one in (node(1, load=3), node(2, load=1), node(3, load=0, kind=VOICE)):
        await stores.nodes.register(one)
    placed = await stores.nodes.place("r1", CALL, MEDIA, [])
    assert (placed.node.node_id, placed.node.load, placed.placement_epoch) == ("node-2", 2, 1)


async def test_spreads_placements_between_heartbeats(stores: Stores) -> None:
    for number in (1, 2):
        await stores.nodes.register(node(number))
    chosen = [(await stores.nodes.place(f"r{n}", call_id(n), MEDIA, [])).node.node_id for n in range(4)]
    assert sorted(chosen) == ["node-1", "node-1", "node-2", "node-2"]


async def test_a_repeated_placement_gets_the_same_answer(stores: Stores) -> None:
    for number in (1, 2):
        await stores.nodes.register(node(number))
    first = await stores.nodes.place("r1", CALL, MEDIA, [])
    again = await stores.nodes.place("r1", CALL, MEDIA, [])
    assert (again.node.node_id, again.placement_epoch) == (first.node.node_id, first.placement_epoch)
    with pytest.raises(ConflictError):
        await stores.nodes.place("r1", call_id(2), MEDIA, [])


async def test_a_new_placement_of_a_call_has_a_higher_epoch_and_avoids_nodes(stores: Stores) -> None:
    for one in (node(1), node(2), node(3, kind=VOICE)):
        await stores.nodes.register(one)
    first = await stores.nodes.place("r1", CALL, MEDIA, [])
    second = await stores.nodes.place("r2", CALL, MEDIA, [first.node.node_id])
    assert second.node.node_id != first.node.node_id
    assert second.placement_epoch == 2
    assert (await stores.nodes.place("r3", CALL, VOICE, [])).placement_epoch == 1
    current = await stores.nodes.placement(CALL, MEDIA)
    assert current is not None
    assert (current.node.node_id, current.placement_epoch) == (second.node.node_id, 2)
    assert await stores.nodes.placement(call_id(2), MEDIA) is None


@pytest.mark.parametrize("change", [{"draining": True}, {"capacity": 0}])
async def test_a_node_that_drains_or_is_full_gets_no_calls(stores: Stores, change: dict[str, int]) -> None:
    await stores.nodes.register(replace(node(1), **change))  # type: ignore[arg-type]
    with pytest.raises(UnavailableError) as caught:
        await stores.nodes.place("r1", CALL, MEDIA, [])
    assert caught.value.reason == "NO_NODE"


async def test_a_node_that_falls_silent_gets_no_calls(stores: Stores, clock: FakeClock) -> None:
    await stores.nodes.register(node(1))
    clock.advance((NODE_LEASE - timedelta(seconds=1)).total_seconds())
    await stores.nodes.heartbeat(node(1, load=2))
    clock.advance(NODE_LEASE.total_seconds() - 1)
    assert [one.load for one in await stores.nodes.live(MEDIA)] == [2]
    clock.advance(1)
    assert await stores.nodes.live(0) == []
    with pytest.raises(UnavailableError):
        await stores.nodes.place("r1", CALL, MEDIA, [])


async def test_a_process_that_is_not_entered_or_was_restarted_has_lost_its_lease(stores: Stores) -> None:
    with pytest.raises(ConflictError) as caught:
        await stores.nodes.heartbeat(node(1))
    assert caught.value.reason == "LEASE_LOST"
    await stores.nodes.register(replace(node(1), boot_id="next"))
    with pytest.raises(ConflictError):
        await stores.nodes.heartbeat(node(1))


async def test_placements_at_once_get_different_epochs(stores: Stores) -> None:
    await stores.nodes.register(node(1, capacity=100))
    placed = await asyncio.gather(*(stores.nodes.place(f"r{n}", CALL, MEDIA, []) for n in range(10)))
    assert sorted(one.placement_epoch for one in placed) == list(range(1, 11))
