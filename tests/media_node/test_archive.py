"""Segments on their way into the store: sealed, spooled, uploaded, told."""

import resource
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from cordboard.call.v1.facts_pb2 import CaptureSegmentStored
from cordboard.core.errors import NotFoundError, UnavailableError
from cordboard.media.v1.capture_pb2 import CapturedPacket, CaptureSegment
from cordboard.media_node.archive import CaptureArchive, object_key_of, seal, unseal
from cordboard.media_node.facts import ListedFacts
from cordboard.media_node.object_store import MemoryStore

KEY = bytes(range(32))
SEGMENT = CaptureSegment(
    call_id="call-1",
    leg_id="caller",
    placement_epoch=2,
    segment=3,
    started_us=5,
    ended_us=10,
    packets=[CapturedPacket(arrival_us=6, sequence=1, timestamp=2, ssrc=3, payload_type=96, payload=b"secret voice")],
)
OBJECT_KEY = "captures/clinic/call-1/2/caller/000003"


class Keys:
    def __init__(self) -> None:
        self.errors: list[Exception] = []

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        assert (call_id, purpose) == ("call-1", "recording")
        if self.errors:
            raise self.errors.pop(0)
        return KEY


class House:
    def __init__(self, spool: Path) -> None:
        self.store, self.keys, self.facts = MemoryStore(), Keys(), ListedFacts()
        self.spool = spool
        self.archive = self.another_life()

    def another_life(self) -> CaptureArchive:
        archive = CaptureArchive(self.store, self.keys, self.facts, self.spool, retry_seconds=0.01)
        archive.start()
        return archive

    @property
    def stored(self) -> list[CaptureSegmentStored]:
        return [fact.event for fact in self.facts.facts if isinstance(fact.event, CaptureSegmentStored)]


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return House(tmp_path / "captures")


def test_a_sealed_segment_opens_with_its_key_and_name_only() -> None:
    sealed = seal(SEGMENT, KEY, OBJECT_KEY, bytes(12))
    assert b"secret" not in sealed
    assert unseal(sealed, KEY, OBJECT_KEY) == SEGMENT
    for key, name, data in (
        (bytes(32), OBJECT_KEY, sealed),
        (KEY, OBJECT_KEY + "x", sealed),
        (KEY, OBJECT_KEY, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(InvalidTag):
            unseal(data, key, name)


async def test_a_segment_is_stored_sealed_and_told_with_its_digest(house: House) -> None:
    house.archive.store("clinic", SEGMENT)
    await house.archive.flush()
    assert object_key_of("clinic", SEGMENT) == OBJECT_KEY
    assert unseal(house.store.objects[OBJECT_KEY], KEY, OBJECT_KEY) == SEGMENT
    fact = house.stored[0]
    assert (fact.leg_id, fact.segment, fact.object_key, fact.packets) == ("caller", 3, OBJECT_KEY, 1)
    assert (fact.size, fact.started_us, fact.ended_us) == (len(house.store.objects[OBJECT_KEY]), 5, 10)
    assert list(house.spool.iterdir()) == []


async def test_a_segment_waits_on_disk_sealed_while_the_store_is_away(house: House) -> None:
    house.store.away = True
    house.archive.store("clinic", SEGMENT)
    await house.archive.close(0.1)
    assert house.stored == []
    spooled = [path.read_bytes() for path in house.spool.iterdir()]
    assert len(spooled) == 1
    assert b"secret" not in spooled[0]


async def test_the_next_process_uploads_what_was_left(house: House) -> None:
    house.store.away = True
    house.archive.store("clinic", SEGMENT)
    await house.archive.close(0.1)
    house.store.away = False
    await house.another_life().flush()
    assert unseal(house.store.objects[OBJECT_KEY], KEY, OBJECT_KEY) == SEGMENT
    assert [fact.object_key for fact in house.stored] == [OBJECT_KEY]
    assert list(house.spool.iterdir()) == []


async def test_a_key_service_that_is_away_is_asked_again(house: House) -> None:
    house.keys.errors = [UnavailableError("PEER_AWAY", "away"), UnavailableError("PEER_AWAY", "away")]
    house.archive.store("clinic", SEGMENT)
    await house.archive.flush()
    assert len(house.stored) == 1


async def test_a_segment_without_a_key_is_dropped_and_never_written(house: House) -> None:
    house.keys.errors = [NotFoundError("KEY_DESTROYED", "gone")]
    house.archive.store("clinic", SEGMENT)
    await house.archive.flush()
    assert (house.stored, house.store.objects, list(house.spool.iterdir())) == ([], {}, [])


async def test_a_full_disk_does_not_lose_a_segment(house: House) -> None:
    house.spool.rmdir()
    house.archive.store("clinic", SEGMENT)
    await house.archive.flush()
    assert len(house.stored) == 1


async def test_a_segment_without_room_goes_up_from_memory_and_leaves_nothing_on_disk(
    house: House,
) -> None:
    large = CaptureSegment()
    large.CopyFrom(SEGMENT)
    large.packets.add(payload=bytes(200_000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        house.archive.store("clinic", large)
        await house.archive.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(house.stored) == 1
    assert list(house.spool.iterdir()) == []


async def test_a_damaged_spool_file_is_left_alone(house: House) -> None:
    (house.spool / "broken.capture").write_bytes(b"{}\nnothing")
    await house.another_life().flush()
    assert house.stored == []
    assert (house.spool / "broken.capture").exists()
