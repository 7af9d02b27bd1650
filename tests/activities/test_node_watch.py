"""Which media nodes count as lost, and which absences mean nothing."""

from collections.abc import Sequence

import pytest

from cordboard.activities.node_watch import LEASE, NodeWatch
from cordboard.call.v1.call_workflow_pb2 import NodeLost
from cordboard.core.errors import UnavailableError
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA, Node


class House:
    """A registry, the signals and the clock of one watch."""

    def __init__(self) -> None:
        self.now = 100.0
        self.living: dict[str, str] = {}
        self.registry_away = False
        self.temporal_away = False
        self.lost: list[tuple[str, str]] = []
        self.watch = NodeWatch(self, self, monotonic=lambda: self.now)  # type: ignore[arg-type]

    async def live(self, kind: int) -> Sequence[Node]:
        assert kind == NODE_KIND_MEDIA
        if self.registry_away:
            raise UnavailableError("LEDGER_AWAY", "away")
        return [Node(node_id=node, boot_id=boot, kind=NODE_KIND_MEDIA) for node, boot in self.living.items()]

    async def lose_node(self, lost: NodeLost) -> None:
        if self.temporal_away:
            raise UnavailableError("TEMPORAL_AWAY", "away")
        self.lost.append((lost.node_id, lost.boot_id))

    async def look(self, seconds: float = 1.0) -> None:
        self.now += seconds
        await self.watch.look()

    async def outage(self, seconds: int) -> None:
        self.registry_away = True
        for _ in range(seconds):
            with pytest.raises(UnavailableError):
                await self.look()
        self.registry_away = False


@pytest.fixture
async def house() -> House:
    house = House()
    house.living = {"m1": "a", "m2": "b"}
    await house.look()
    return house


async def test_a_node_whose_lease_ran_out_is_lost_once(house: House) -> None:
    del house.living["m1"]
    await house.look()
    await house.look()
    assert house.lost == [("m1", "a")]


async def test_a_node_started_anew_under_its_name_was_lost(house: House) -> None:
    house.living["m1"] = "a2"
    await house.look()
    assert house.lost == [("m1", "a")]


async def test_leases_that_ran_out_while_the_registry_was_away_lose_nobody(house: House) -> None:
    await house.outage(8)
    before, house.living = house.living, {}
    await house.look()
    await house.look(2.0)
    house.living = before
    await house.look(LEASE)
    assert house.lost == []


async def test_who_is_not_heard_a_lease_after_the_registry_is_back_is_lost(house: House) -> None:
    await house.outage(8)
    del house.living["m1"]
    await house.look()
    await house.look(LEASE - 0.5)
    assert house.lost == []
    await house.look(0.5)
    assert house.lost == [("m1", "a")]


async def test_a_new_boot_counts_at_once_even_after_an_outage(house: House) -> None:
    await house.outage(8)
    house.living = {"m1": "a2"}
    await house.look()
    assert house.lost == [("m1", "a")]


async def test_a_registry_that_fails_again_and_again_loses_nobody(house: House) -> None:
    before = house.living
    for _ in range(4):
        await house.outage(3)
        house.living = {}
        await house.look(LEASE / 2)
        house.living = before
    await house.look()
    assert house.lost == []


async def test_what_temporal_did_not_take_is_told_at_the_next_look(house: House) -> None:
    house.temporal_away = True
    del house.living["m1"]
    with pytest.raises(UnavailableError):
        await house.look()
    house.temporal_away = False
    await house.look()
    assert house.lost == [("m1", "a")]
