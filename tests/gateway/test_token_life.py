"""Doors that stay open end with their token, unless another one of the same bearer is handed in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from event_client import WAIT, EventClient, listening
from gateway_house import House, reason_of

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.core.errors import ForbiddenError, UnauthenticatedError
from cordboard.gateway.token_life import TokenLife, while_valid
from cordboard.runtime.identity import TokenVerifier, UserClaims, UserTokenIssuer, create_keys

SOON = timedelta(seconds=2)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path)
    return tmp_path


def _mint(keys: Path, **changes: Any) -> str:
    wanted: dict[str, Any] = {"role": "agent", "tenant": "clinic", "subject": "maria", "scopes": ["phi"]}
    return UserTokenIssuer.load(keys).mint(**(wanted | changes))


def _about_to_expire(claims: UserClaims, left: float = 0.05) -> Callable[[], float]:
    """A clock that stands shortly before the token's end."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return lambda: claims.expires_at - left + loop.time() - began


async def _forever() -> AsyncIterator[int]:
    yield 1
    await asyncio.Event().wait()


async def test_a_stream_ends_with_its_token(keys: Path) -> None:
    claims = TokenVerifier.load(keys).user(_mint(keys))
    seen = []
    with pytest.raises(UnauthenticatedError, match="TOKEN_EXPIRED"):
        async for event in while_valid(_forever(), claims, _about_to_expire(claims)):
            seen.append(event)
    assert seen == [1]


async def test_a_renewed_socket_lives_as_long_as_its_newest_token(keys: Path) -> None:
    verifier = TokenVerifier.load(keys)
    claims = verifier.user(_mint(keys))
    life = TokenLife(verifier, claims, _about_to_expire(claims))
    ending = asyncio.create_task(life.end())
    life.renew(_mint(keys, ttl=timedelta(hours=1), scopes=["phi", "calls:read"]))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(ending), 0.2)
    ending.cancel()
    life.renew(_mint(keys, scopes=["phi", "calls:read"]))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(life.end(), 0.1)


@pytest.mark.parametrize(
    "changes",
    [{"subject": "jo"}, {"tenant": "other"}, {"role": "app"}, {"scopes": []}, {"skills": ["clinical"]}],
    ids=["subject", "tenant", "role", "scopes", "skills"],
)
async def test_another_bearers_token_renews_nothing(keys: Path, changes: dict[str, Any]) -> None:
    verifier = TokenVerifier.load(keys)
    claims = verifier.user(_mint(keys))
    life = TokenLife(verifier, claims, _about_to_expire(claims))
    with pytest.raises(ForbiddenError, match="TOKEN_DIFFERS"):
        life.renew(_mint(keys, ttl=timedelta(hours=1), **changes))
    with pytest.raises(UnauthenticatedError, match="TOKEN_EXPIRED"):
        await asyncio.wait_for(life.end(), WAIT)


async def test_a_desk_is_closed_when_its_token_expires(house: House) -> None:
    token = house.token("agent", (), subject="maria", ttl=SOON)
    async with listening(house, "/v1/desk", token) as client:
        assert await client.closed() == (4401, "TOKEN_EXPIRED")


async def test_a_calls_events_end_when_the_token_expires(house: House) -> None:
    call_id = await house.started()
    token = house.token("app", ("calls:read",), ttl=SOON)
    async with listening(house, f"/v1/calls/{call_id}/events", token) as client:
        assert await client.closed() == (4401, "TOKEN_EXPIRED")
    async with house.calls(house.token("app", ("calls:read",), ttl=SOON)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            async for _ in stub.WatchCall(pb.WatchCallRequest(call_id=call_id)):
                pass
    assert (ended.value.code(), reason_of(ended.value)) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


async def _renewed(house: House, client: EventClient, role: str, scopes: tuple[str, ...]) -> None:
    await client.hello()
    fresh = house.token(role, scopes, subject="maria", ttl=timedelta(hours=1))
    assert (await client.command("renew", token=fresh))["ok"]
    for token, reason in (
        (house.token(role, scopes, subject="jo"), "TOKEN_DIFFERS"),
        (house.token(role, scopes, subject="maria", ttl=timedelta(seconds=-5)), "TOKEN_EXPIRED"),
        ("nonsense", "TOKEN_INVALID"),
        (7, "COMMAND_INVALID"),
    ):
        refused = await client.command("renew", token=token)
        assert (refused["ok"], refused["reason"]) == (False, reason)
    assert (await client.command("sing"))["reason"] == "COMMAND_UNKNOWN"


@pytest.mark.parametrize(("role", "scopes"), [("agent", ()), ("app", ("calls:read",))], ids=["desk", "events"])
async def test_a_socket_is_renewed_over_itself(house: House, role: str, scopes: tuple[str, ...]) -> None:
    path = "/v1/desk" if role == "agent" else f"/v1/calls/{await house.started()}/events"
    async with listening(house, path, house.token(role, scopes, subject="maria")) as client:
        await _renewed(house, client, role, scopes)
