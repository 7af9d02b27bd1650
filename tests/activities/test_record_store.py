"""The contract of the store of what wrap-up makes, held by the S3 client (on a real server) and its twin in memory."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from botocore.exceptions import ClientError

from cordboard.activities.wrap_up.record_store import MemoryRecordStore, RecordStore, Removed, S3RecordStore
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.object_store import ObjectStore as S3Server
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.core.errors import ConflictError, UnavailableError

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    home = tmp_path_factory.mktemp("record") / ".cordboard"
    async with Stack(home, describe=lambda directory, ports: [S3Server(directory, ports)]) as running:
        yield running
    destroy(home)


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "s3"])
async def store(request: pytest.FixtureRequest, server: Stack) -> AsyncIterator[RecordStore]:
    if request.param == "memory":
        yield MemoryRecordStore(DAY)
        return
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3RecordStore.open(server.address("s3", "http"), credentials, BUCKET, DAY) as opened:
        yield opened


async def test_an_object_is_given_back_as_it_was_kept(store: RecordStore) -> None:
    data = bytes(range(256)) * 100
    kept = await store.put_once("clinic/call/a", data, "text/plain")
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).digest(), len(data))
    assert await store.get("clinic/call/a") == data
    assert await store.get("clinic/call/never") is None


async def test_keeping_the_same_again_changes_nothing(store: RecordStore) -> None:
    first = await store.put_once("clinic/call/b", b"one", "text/plain")
    again = await store.put_once("clinic/call/b", b"one", "text/plain")
    assert (first.sha256, first.size) == (again.sha256, again.size)


async def test_other_bytes_never_take_the_place_of_what_is_kept(store: RecordStore) -> None:
    await store.put_once("clinic/call/c", b"one", "text/plain")
    with pytest.raises(ConflictError, match="OBJECT_DIFFERS"):
        await store.put_once("clinic/call/c", b"two", "text/plain")
    assert await store.get("clinic/call/c") == b"one"


async def test_what_is_retained_says_until_when(store: RecordStore) -> None:
    kept = await store.put_once("clinic/call/d", b"one", "text/plain", retain=True)
    assert kept.retained_until is not None
    assert abs(kept.retained_until - datetime.now(UTC) - DAY) < timedelta(minutes=1)
    free = await store.put_once("clinic/call/e", b"one", "text/plain")
    assert free.retained_until is None


async def test_the_server_lets_nobody_remove_what_is_retained(server: Stack) -> None:
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3RecordStore.open(server.address("s3", "http"), credentials, BUCKET, DAY) as store:
        await store.put_once("clinic/call/f", b"one", "text/plain", retain=True)
        client = store._client
        head = await client.head_object(Bucket=BUCKET, Key="clinic/call/f")
        assert head["ServerSideEncryption"] == "AES256"
        with pytest.raises(ClientError):
            await client.delete_object(Bucket=BUCKET, Key="clinic/call/f", VersionId=head["VersionId"])
        assert await store.get("clinic/call/f") == b"one"


async def test_a_bucket_that_cannot_lock_keeps_objects_and_says_that_it_locks_none(server: Stack) -> None:
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3RecordStore.open(server.address("s3", "http"), credentials, "plain", DAY) as store:
        await store._client.create_bucket(Bucket="plain")
        kept = await store.put_once("clinic/call/g", b"one", "text/plain", retain=True)
        assert kept.retained_until is None
        with pytest.raises(ConflictError, match="OBJECT_DIFFERS"):
            await store.put_once("clinic/call/g", b"two", "text/plain", retain=True)


async def test_a_store_that_cannot_be_reached_is_away(server: Stack) -> None:
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3RecordStore.open("http://127.0.0.1:9", credentials, BUCKET) as store:
        with pytest.raises(UnavailableError, match="STORE_AWAY"):
            await store.put_once("x", b"y", "text/plain")
    twin = MemoryRecordStore()
    twin.away = True
    with pytest.raises(UnavailableError, match="STORE_AWAY"):
        await twin.put_once("x", b"y", "text/plain")


async def test_what_is_removed_is_gone_and_what_is_locked_stays(store: RecordStore) -> None:
    await store.put_once("clinic/gone/transcript.txt", b"published", "text/plain")
    await store.put_once("clinic/gone/recording.ogg", b"published too", "audio/ogg")
    locked = await store.put_once("clinic/gone/transcript.sealed", b"sealed", "text/plain", retain=True)
    await store.put_once("clinic/gone-too/transcript.txt", b"another call's", "text/plain")
    removed = await store.remove("clinic/gone/")
    assert (removed.gone, removed.kept) == (2, 1)
    assert locked.retained_until is not None
    assert removed.kept_until is not None
    assert abs(removed.kept_until - locked.retained_until) < timedelta(seconds=2)
    assert await store.get("clinic/gone/transcript.txt") is None
    assert await store.get("clinic/gone/recording.ogg") is None
    assert await store.get("clinic/gone/transcript.sealed") == b"sealed"
    assert await store.get("clinic/gone-too/transcript.txt") is not None
    assert await store.remove("clinic/nobody/") == Removed(0)
