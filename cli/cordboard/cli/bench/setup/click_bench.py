"""Measures what a caller waits for: from the click to the first word."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

from cordboard.call.v1.facts_pb2 import LegStateChanged, PlayoutStarted, VoicePortChanged
from cordboard.cli.bench.setup.setup_figures import ClickTry
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.demo.phone import Answered, Phone
from cordboard.cli.demo.sound import AUDIBLE_DBOV
from cordboard.core.errors import CordboardError
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED

_WORDS_SECONDS = 10.0


class ClickBench:
    """Calls through the public door as the demo's caller does, and listens for the first sound."""

    def __init__(self, gateway: str, tokens: BenchTokens, over: Callable[[str], Awaitable[Sequence[Envelope]]]) -> None:
        """Call through the gateway at an http address; `over` waits for a call's end and gives its log."""
        self._gateway = gateway
        self._tokens = tokens
        self._over = over

    async def measure(self) -> ClickTry:
        """Call, wait for the greeting, hang up."""
        phone = Phone(self._gateway, self._tokens.caller(), time.monotonic)
        try:
            answered = await phone.call()
            first = await _first_sound(phone)
            with contextlib.suppress(CordboardError):
                await phone.hang_up()
        finally:
            await phone.close()
        return _tried(answered, first, await self._over(answered.call_id))


async def _first_sound(phone: Phone) -> float | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WORDS_SECONDS):
            while True:
                frame = await phone.frames.get()
                if frame.level > AUDIBLE_DBOV:
                    return frame.arrived
    return None


def _tried(answered: Answered, first: float | None, log: Sequence[Envelope]) -> ClickTry:
    if first is None:
        return ClickTry(None)
    to_wall = time.time() - time.monotonic()
    stages = {"offer to answer": (answered.answered - answered.posted) * 1000}
    # The legs connect while the voice agent is engaged: what comes last decides, so each counts from the answer.
    for name, at in marks_of_greeting(log).items():
        stages[f"answer to {name}"] = (at - to_wall - answered.answered) * 1000
    stages["answer to first sound at the caller"] = (first - answered.answered) * 1000
    return ClickTry((first - answered.posted) * 1000, stages)


def marks_of_greeting(log: Sequence[Envelope]) -> dict[str, float]:
    """Tell from a call's log when what a greeting needs was there, in seconds since the Unix epoch."""
    marks: dict[str, float] = {}
    leg, port, playout = LegStateChanged(), VoicePortChanged(), PlayoutStarted()
    ports = {port.leg_id for envelope in log if envelope.event.event.Unpack(port)}
    for envelope in log:
        event, at = envelope.event.event, to_us(envelope.event.occurred_at) / 1e6
        # A voice agent's port connects as well when it is opened.
        if event.Unpack(leg) and leg.state == LEG_STATE_CONNECTED and leg.leg_id not in ports:
            marks.setdefault("caller's leg connected", at)
        elif event.Unpack(port) and port.attached:
            marks.setdefault("voice agent attached", at)
        elif event.Unpack(playout):
            marks.setdefault("greeting on the wire", at)
    return marks
