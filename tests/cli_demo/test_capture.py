from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from call_log import SEALED, SEALED_SHA256

from cordboard.cli.demo.capture import opens_as_logged, stored_as_logged
from cordboard.cli.demo.story import Segment
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.s3_request import S3Keys
from cordboard.media.v1.capture_pb2 import CapturedPacket, CaptureSegment
from cordboard.media_node.archive import seal

KEYS = S3Keys("someone", "secret")


@pytest.fixture
async def store() -> AsyncIterator[tuple[str, dict[str, bytes]]]:
    """A store that only gives what it holds; the real one is in tests/e2e."""
    objects: dict[str, bytes] = {}

    async def give(request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
        body = objects.get(request.path)
        return web.Response(status=404) if body is None else web.Response(body=body)

    app = web.Application()
    app.router.add_get("/{key:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}", objects
    await runner.cleanup()


async def test_segments_in_the_store_are_compared_byte_for_byte(store: tuple[str, dict[str, bytes]]) -> None:
    endpoint, objects = store
    segment = Segment("captures/c/0", SEALED_SHA256, 0, 5_000_000)
    assert not await stored_as_logged(endpoint, KEYS, [segment]), "it is not there"
    objects[f"/{BUCKET}/captures/c/0"] = SEALED
    assert await stored_as_logged(endpoint, KEYS, [segment])
    objects[f"/{BUCKET}/captures/c/0"] = SEALED[:-1] + b"!"
    assert not await stored_as_logged(endpoint, KEYS, [segment])


async def test_nothing_captured_proves_nothing(store: tuple[str, dict[str, bytes]]) -> None:
    assert not await stored_as_logged(store[0], KEYS, [])


async def test_a_segment_opens_under_its_calls_key_only_and_is_the_one_that_is_named(
    store: tuple[str, dict[str, bytes]],
) -> None:
    endpoint, objects = store
    segment = Segment("captures/c/1", b"", 0, 5_000_000, leg_id="c", number=1, packets=1)
    held = CaptureSegment(call_id="call", leg_id="c", segment=1, packets=[CapturedPacket(payload=b"opus")])
    key = bytes(range(32))
    assert not await opens_as_logged(endpoint, KEYS, "call", segment, key), "it is not there"
    objects[f"/{BUCKET}/captures/c/1"] = seal(held, key, "captures/c/1", bytes(12))
    assert await opens_as_logged(endpoint, KEYS, "call", segment, key)
    assert not await opens_as_logged(endpoint, KEYS, "call", segment, bytes(32))
    assert not await opens_as_logged(endpoint, KEYS, "another", segment, key)
    assert not await opens_as_logged(endpoint, KEYS, "call", replace(segment, leg_id="a"), key)
