"""Measures what a caller waits for: from the click to the first word."""

import asyncio
import contextlib
import time

from cordboard.cli.bench.setup.setup_figures import ClickTry
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.demo.phone import Answered, Phone
from cordboard.cli.demo.sound import AUDIBLE_DBOV
from cordboard.core.errors import CordboardError

_WORDS_SECONDS = 10.0


class ClickBench:
    """Calls through the public door as the demo's caller does, and listens for the first sound."""

    def __init__(self, gateway: str, tokens: BenchTokens) -> None:
        """Call through the gateway at an http address."""
        self._gateway = gateway
        self._tokens = tokens

    async def measure(self) -> tuple[ClickTry, str]:
        """Call, wait for the greeting, hang up; gives the call's id as well."""
        phone = Phone(self._gateway, self._tokens.caller(), time.monotonic)
        try:
            answered = await phone.call()
            first = await _first_sound(phone)
            with contextlib.suppress(CordboardError):
                await phone.hang_up()
        finally:
            await phone.close()
        return _tried(answered, phone, first), answered.call_id


async def _first_sound(phone: Phone) -> float | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WORDS_SECONDS):
            while True:
                frame = await phone.frames.get()
                if frame.level > AUDIBLE_DBOV:
                    return frame.arrived
    return None


def _tried(answered: Answered, phone: Phone, first: float | None) -> ClickTry:
    if first is None:
        return ClickTry(None)
    came = phone.sound_in.frames[0].arrived
    return ClickTry(
        (first - answered.posted) * 1000,
        {
            "offer to answer": (answered.answered - answered.posted) * 1000,
            "answer to first frame": (came - answered.answered) * 1000,
            "first frame to first sound": (first - came) * 1000,
        },
    )
