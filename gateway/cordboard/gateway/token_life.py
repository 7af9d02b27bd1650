"""What outlives a token does not stay open: streams and sockets end with it, unless it is renewed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeVar

from cordboard.core.errors import ForbiddenError, UnauthenticatedError
from cordboard.runtime.identity import TokenVerifier, UserClaims
from cordboard.runtime.wall_clock import unix_time

T = TypeVar("T")

Now = Callable[[], float]
"""Gives the time in seconds since 1970."""


def expired() -> UnauthenticatedError:
    """The error of a door that was opened with a token that has expired since."""
    return UnauthenticatedError("TOKEN_EXPIRED", "the token has expired")


async def while_valid(events: AsyncIterator[T], claims: UserClaims, now: Now = unix_time) -> AsyncGenerator[T, None]:
    """Give what comes until the token expires. Raises UnauthenticatedError(TOKEN_EXPIRED) then."""
    while (left := claims.expires_at - now()) > 0:
        try:
            async with asyncio.timeout(left):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except TimeoutError:
            break
        yield event
    raise expired()


class TokenLife:
    """The token of an open socket: it ends, and may be renewed by another of the same bearer."""

    def __init__(self, verifier: TokenVerifier, claims: UserClaims, now: Now = unix_time) -> None:
        self._verifier = verifier
        self._claims = claims
        self._now = now
        self._renewed = asyncio.Event()

    async def end(self) -> None:
        """Return never; raises UnauthenticatedError(TOKEN_EXPIRED) when the newest token has expired."""
        while (left := self._claims.expires_at - self._now()) > 0:
            self._renewed.clear()
            try:
                async with asyncio.timeout(left):
                    await self._renewed.wait()
            except TimeoutError:
                continue
        raise expired()

    def renew(self, token: str) -> None:
        """Go on with another token; an older one than that in use changes nothing.

        Raises UnauthenticatedError (TOKEN_INVALID, TOKEN_EXPIRED), ForbiddenError(TOKEN_DIFFERS) for one that opens
        less or stands for somebody else.
        """
        fresh = self._verifier.user(token)
        if _bearer(fresh) != _bearer(self._claims) or not fresh.scopes >= self._claims.scopes:
            raise ForbiddenError("TOKEN_DIFFERS", "the token does not stand for the one that opened the socket")
        if fresh.expires_at > self._claims.expires_at:
            self._claims = fresh
            self._renewed.set()


def _bearer(claims: UserClaims) -> tuple[str, str, str, str, frozenset[str]]:
    return claims.role, claims.tenant, claims.vertical, claims.subject, claims.skills
