"""What malformed, oversized, slow and misdirected HTTP gets: a problem document, and nothing changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_house import OFFER, House, new_id

LIMIT = 64 * 1024


async def _nothing_changed(house: House) -> bool:
    return (await house.events(), house.control.changes) == (0, 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "BAD_SDP"),
        (b"hello", "BAD_SDP"),
        (json.dumps({"type": "offer", "sdp": OFFER}).encode(), "BAD_SDP"),
        (OFFER.replace("m=audio", "m=video").encode(), "BAD_SDP"),
        (b"\xff\xfe\x00", "BODY_NOT_UTF8"),
    ],
)
async def test_a_body_that_is_no_offer_starts_nothing(house: House, body: bytes, reason: str) -> None:
    status, headers, problem = await house.post("/v1/legs", house.caller(), body)
    assert (status, problem["reason"]) == (400, reason)
    assert headers["content-type"].startswith("application/problem+json")
    assert set(problem) >= {"type", "title", "status", "detail", "reason"}
    assert await _nothing_changed(house)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/sdp+xml", ""])
async def test_another_content_type_starts_nothing(house: House, content_type: str) -> None:
    status, _, problem = await house.post("/v1/legs", house.caller(), Content_Type=content_type)
    assert (status, problem["reason"]) == (415, "CONTENT_TYPE_UNSUPPORTED")
    assert await _nothing_changed(house)


async def test_a_compressed_body_starts_nothing(house: House) -> None:
    status, _, problem = await house.post("/v1/legs", house.caller(), b"\x1f\x8b", Content_Encoding="gzip")
    assert (status, problem["reason"]) == (415, "CONTENT_ENCODING_UNSUPPORTED")


async def test_a_body_over_the_limit_starts_nothing(house: House) -> None:
    status, _, problem = await house.post("/v1/legs", house.caller(), b"v" * (LIMIT + 1))
    assert (status, problem["reason"], problem["limit"]) == (413, "BODY_TOO_LARGE", str(LIMIT))
    assert await _nothing_changed(house)


async def test_a_body_that_grows_over_the_limit_without_saying_so_starts_nothing(house: House) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"v" * (LIMIT // 4)

    status, _, problem = await house.post("/v1/legs", house.caller(), chunks())
    assert (status, problem["reason"]) == (413, "BODY_TOO_LARGE")
    assert await _nothing_changed(house)


async def _raw(house: House, *pieces: bytes) -> bytes:
    """Send bytes over TCP and give all that comes back until the server closes."""
    host, _, port = house.gateway.http_address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def _problem_in(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"aiohttp" not in head
    problem: dict[str, Any] = json.loads(body)
    assert head.split(b" ")[1] == str(problem["status"]).encode()
    return problem


def _head(token: str, *more: str) -> bytes:
    lines = [
        "POST /v1/legs HTTP/1.1",
        "Host: gateway",
        f"Authorization: Bearer {token}",
        "Content-Type: application/sdp",
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_a_body_that_trickles_is_given_up(house: House) -> None:
    answer = await _raw(house, _head(house.caller(), f"Content-Length: {len(OFFER)}"), OFFER[:40].encode())
    assert (_problem_in(answer)["status"], _problem_in(answer)["reason"]) == (408, "BODY_TIMEOUT")
    assert await _nothing_changed(house)


async def test_a_head_that_trickles_is_hung_up_on(house: House) -> None:
    assert await _raw(house, b"POST /v1/legs HTTP/1.1\r\nHost:") == b""


async def test_broken_chunks_start_nothing(house: House) -> None:
    answer = await _raw(house, _head(house.caller(), "Transfer-Encoding: chunked"), b"zz\r\nnonsense\r\n")
    assert _problem_in(answer)["status"] == 400
    assert await _nothing_changed(house)


@pytest.mark.parametrize(
    ("bytes_sent", "status", "reason"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "MALFORMED_REQUEST"),
        (b"POST /v1/legs HTTP/1.1\r\nno colon here\r\n\r\n", 400, "MALFORMED_REQUEST"),
        (b"POST /v1/legs HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, "MALFORMED_REQUEST"),
        (b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431, "HEADERS_TOO_LARGE"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 431, "HEADERS_TOO_LARGE"),
        (
            b"GET /healthz HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
            400,
            "MALFORMED_REQUEST",
        ),
    ],
)
async def test_bytes_that_are_no_request_get_a_problem(
    house: House, bytes_sent: bytes, status: int, reason: str
) -> None:
    problem = _problem_in(await _raw(house, bytes_sent))
    assert (problem["status"], problem["reason"]) == (status, reason)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/legs/", "/v1/calls", "/v2/legs", "/v1/legs/%2e%2e/x"])
async def test_an_address_where_nothing_is_gets_404(house: House, path: str) -> None:
    status, headers, problem = await house.ask("GET", path)
    assert (status, problem["reason"]) == (404, "ADDRESS_NOT_FOUND")
    assert headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/legs", "POST"),
        ("OPTIONS", "/v1/legs", "POST"),
        ("PUT", "/v1/calls/x/legs", "POST"),
        ("PATCH", "/v1/calls/x/legs/y", "DELETE"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_taken_gets_405(house: House, method: str, path: str, allowed: str) -> None:
    status, headers, problem = await house.ask(method, path)
    assert (status, problem["reason"], headers["allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("key", ["12", "Mr Smith, 555-0100", "0192-nope"])
async def test_an_idempotency_key_that_is_no_uuid_starts_nothing(house: House, key: str) -> None:
    status, _, problem = await house.post("/v1/legs", house.caller(), Idempotency_Key=key)
    assert (status, problem["reason"]) == (400, "REQUEST_ID_INVALID")
    assert await _nothing_changed(house)


async def test_what_nobody_foresaw_leaks_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(**_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(house.ledger, "open_call", fail)
    status, _, problem = await house.post("/v1/legs", house.caller(), Idempotency_Key=new_id())
    assert (status, problem["reason"]) == (500, "INTERNAL")
    assert "secret" not in json.dumps(problem)
