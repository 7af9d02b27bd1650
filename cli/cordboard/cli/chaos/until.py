"""Waiting for what is only seen by looking."""

import asyncio
from collections.abc import Callable

_EVERY_S = 0.03


async def until(holds: Callable[[], bool]) -> None:
    """Return when it holds, looked at some thirty times a second; for ever is bounded by who calls."""
    while True:
        if holds():
            return
        await asyncio.sleep(_EVERY_S)
