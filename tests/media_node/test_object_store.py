"""The contract of an object store, held by the S3 client (on a real server) and its twin in memory."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.object_store import ObjectStore as S3Server
from cordboard.cli.supervision.stack import Stack, destroy
from cordboard.core.errors import UnavailableError
from cordboard.media_node.object_store import MemoryStore, ObjectStore, S3Store

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    home = tmp_path_factory.mktemp("store") / ".cordboard"
    async with Stack(home, describe=lambda directory, ports: [S3Server(directory, ports)]) as running:
        yield running
    destroy(home)


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "s3"])
async def store(request: pytest.FixtureRequest, server: Stack) -> AsyncIterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3Store.open(server.address("s3", "http"), credentials, BUCKET) as opened:
        yield opened


async def test_an_object_is_given_back_as_it_was_put(store: ObjectStore) -> None:
    data = bytes(range(256)) * 100
    await store.put("captures/a b/1", data)
    assert await store.get("captures/a b/1") == data


async def test_putting_again_replaces(store: ObjectStore) -> None:
    await store.put("twice", b"one")
    await store.put("twice", b"two")
    assert await store.get("twice") == b"two"


async def test_what_was_never_put_is_not_there(store: ObjectStore) -> None:
    assert await store.get("never") is None


async def test_a_store_that_cannot_be_reached_is_away(server: Stack) -> None:
    credentials = server.directory.secrets / "s3-credentials.json"
    async with S3Store.open("http://127.0.0.1:9", credentials, BUCKET) as store:
        with pytest.raises(UnavailableError, match="STORE_AWAY"):
            await store.put("x", b"y")
    twin = MemoryStore()
    twin.away = True
    with pytest.raises(UnavailableError, match="STORE_AWAY"):
        await twin.put("x", b"y")
