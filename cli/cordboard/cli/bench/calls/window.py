"""The span of time in which a step is measured."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from cordboard.cli.bench.calls.usage import Usage, UsageMeter
from cordboard.cli.supervision.stack import Stack

_LOOK_S = 0.25
_REST_LOOK_S = 2.0
_QUIET_CORES = 0.2


@dataclass(frozen=True, slots=True)
class Window:
    """Times on `time.perf_counter`; `concurrency` is how many calls there were on average."""

    began: float
    ended: float
    concurrency: float
    usage: Usage
    load: float


async def hold(stack: Stack, seconds: float, calls_now: Callable[[], int], done: Callable[[float], None]) -> Window:
    """Measure for so long; `done` hears how much of it is over."""
    began, meter, seen = time.perf_counter(), UsageMeter(stack), []
    while (over := time.perf_counter() - began) < seconds:
        seen.append(calls_now())
        done(over)
        await asyncio.sleep(min(_LOOK_S, seconds - over))
    usage = meter.read()
    return Window(began, time.perf_counter(), sum(seen) / max(1, len(seen)), usage, os.getloadavg()[0])


async def rest(stack: Stack, at_most: float) -> None:
    """Wait until the engine uses next to nothing: what is done after a call must not be in the next step's window."""
    until = time.perf_counter() + at_most
    while time.perf_counter() < until:
        meter = UsageMeter(stack)
        await asyncio.sleep(_REST_LOOK_S)
        if meter.read().engine_cores < _QUIET_CORES:
            return
