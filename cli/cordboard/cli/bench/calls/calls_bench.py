"""Holds more and more calls at once until a figure breaks, and sees what they take."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from cordboard.cli.bench.calls.ai_load import AiLoad
from cordboard.cli.bench.calls.bridged_load import BridgedLoad
from cordboard.cli.bench.calls.far_phone import Exchange
from cordboard.cli.bench.calls.kind import Kind
from cordboard.cli.bench.calls.ladder import Ladder, rungs
from cordboard.cli.bench.calls.speech_line import silent_frame
from cordboard.cli.bench.calls.usage import Usage
from cordboard.cli.bench.calls.window import hold
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.supervision.stack import Stack

_IDLE_S = 8.0
_ASKS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The load that is asked for: up to `most` calls at once, each step measured for `seconds`."""

    kind: Kind
    most: int
    step: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class CallsRun:
    """What was measured: without calls, and step by step."""

    wanted: Wanted
    idle: Usage
    ladder: Ladder


async def measure(home: Path, wanted: Wanted, progress: Progress) -> CallsRun:
    """Climb the ladder on one stack."""
    ladder = Ladder(rungs(wanted.most, wanted.step))

    def done(seconds: float) -> None:
        progress.done(round(seconds))

    async with workshop(home, progress) as stack, _exchange(stack) as exchange:
        progress.step("speaking lines, one call to warm up")
        async with _load(wanted, stack, exchange, done) as load:
            gc.collect()
            gc.freeze()
            progress.step("no calls", round(_IDLE_S))
            idle = (await hold(stack, _IDLE_S, lambda: 0, done)).usage
            for calls in ladder.climb():
                await load.settle()
                progress.step(f"{calls} {'call' if calls == 1 else 'calls'} at once", round(wanted.seconds))
                ladder.take(await load.step(calls))
    return CallsRun(wanted, idle, ladder)


@asynccontextmanager
async def _exchange(stack: Stack) -> AsyncIterator[Exchange]:
    timeout = aiohttp.ClientTimeout(total=_ASKS_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Exchange(session, stack.gateway_http, silent_frame())


@asynccontextmanager
async def _load(
    wanted: Wanted, stack: Stack, exchange: Exchange, done: Callable[[float], None]
) -> AsyncIterator[AiLoad | BridgedLoad]:
    if wanted.kind is Kind.AI:
        yield await AiLoad.prepare(stack, exchange, wanted.seconds, done)
        return
    async with BridgedLoad.prepare(stack, exchange, wanted.seconds, done) as load:
        yield load
