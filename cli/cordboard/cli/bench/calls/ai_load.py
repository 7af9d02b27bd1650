"""Callers who talk with the AI agent, so many at once, each placing one call after the other."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cordboard.call.v1.facts_pb2 import TurnMeasured
from cordboard.cli.bench.calls.ai_caller import INTERRUPTION, LINES, AiCaller
from cordboard.cli.bench.calls.calls_figures import ai_figures
from cordboard.cli.bench.calls.far_phone import Exchange
from cordboard.cli.bench.calls.samples import Samples
from cordboard.cli.bench.calls.speech_line import SpeechLine, recorded
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.window import Window, hold, rest
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.core.timestamps import to_us
from cordboard.runtime.ledger_client import call_stream

_SPREAD_S = 12.0
_NEWCOMER_EVERY_S = 4.0
_LONGEST_STAGGER_S = 3.0
_SAME_TURN_S = 3.0
OUTSIDE = "outside of the agent's own clock"
_SETTLES_WITHIN_S = 20.0


@dataclass(slots=True)
class AiLoad:
    """The load of one stack."""

    stack: Stack
    exchange: Exchange
    interruption: SpeechLine
    lines: Sequence[SpeechLine]
    seconds: float
    done: Callable[[float], None]

    @classmethod
    async def prepare(cls, stack: Stack, exchange: Exchange, seconds: float, done: Callable[[float], None]) -> "AiLoad":
        """Have the lines spoken, and place one call that warms everything up."""
        interruption, *lines = await recorded((INTERRUPTION, *LINES))
        load = cls(stack, exchange, interruption, lines, seconds, done)
        warming = Samples()
        await AiCaller(exchange, interruption, lines, warming).call(BenchTokens(stack).caller())
        await load.settle()
        return load

    async def step(self, calls: int) -> Step:
        """Hold so many calls at once and measure; in the end all hang up.

        Beside them a newcomer calls now and then, so that set-up and barge-in are measured under the whole load.
        """
        samples, wall = Samples(), time.time() - time.perf_counter()
        callers = [AiCaller(self.exchange, self.interruption, self.lines, samples, at) for at in range(calls)]
        lanes: list[asyncio.Task[None]] = []
        try:
            for caller in callers:
                lanes.append(asyncio.create_task(self._lane(caller)))
                # Callers do not all speak at once.
                await asyncio.sleep(min(_LONGEST_STAGGER_S, _SPREAD_S / calls))
            callers.append(AiCaller(self.exchange, self.interruption, self.lines, samples, newcomer=True))
            lanes.append(asyncio.create_task(self._lane(callers[-1])))
            window = await hold(self.stack, self.seconds, lambda: sum(caller.in_call for caller in callers), self.done)
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
        stages = await self._stages(samples, wall, window)
        spreads = samples.spreads(window.began, window.ended)
        return Step(
            calls,
            window.concurrency,
            window.usage,
            ai_figures(spreads, stages),
            {"calls placed": len(samples.call_ids), "turns judged": len(spreads("reply")), **samples.counts},
            [why for at, why in samples.failures],
            window.load,
        )

    async def settle(self) -> None:
        """Wait for the wrap-ups of the calls before."""
        await rest(self.stack, _SETTLES_WITHIN_S)

    async def _lane(self, caller: AiCaller) -> None:
        tokens = BenchTokens(self.stack)
        while True:
            await caller.call(tokens.caller())
            if caller.newcomer:
                await asyncio.sleep(_NEWCOMER_EVERY_S)

    async def _stages(self, samples: Samples, wall: float, window: Window) -> list[Mapping[str, float]]:
        """Read from the record what each turn of the window was made of; `wall` takes the callers' clock to its own."""
        turns: list[Mapping[str, float]] = []
        async with ledger_door(self.stack.directory.root, self.stack.address("ledger")) as ledger:
            for call_id in samples.call_ids:
                replies = [(ended, took) for call, ended, took in samples.replies if call == call_id]
                async for envelope in ledger.read(call_stream(call_id)):
                    measured, at = TurnMeasured(), to_us(envelope.event.occurred_at) / 1e6 - wall
                    if window.began <= at <= window.ended and envelope.event.event.Unpack(measured):
                        turns.append(turn_stages(measured, at, replies))
        return turns


def turn_stages(measured: TurnMeasured, at: float, replies: Sequence[tuple[float, float]]) -> Mapping[str, float]:
    """Give a turn's stages in milliseconds, and what the caller waited beyond them.

    `at` is when it was measured, `replies` are ends of the caller's speech on the same clock and how long each waited.
    """
    stages = {stage.stage: stage.took.ToMicroseconds() / 1000 for stage in measured.stages}
    known = sum(stages.values())
    # A turn is measured once its reply is on the wire, and before its caller speaks again.
    before = [(ended, took_ms) for ended, took_ms in replies if ended < at < ended + took_ms / 1000 + _SAME_TURN_S]
    if before:
        stages[OUTSIDE] = before[-1][1] - known
    return stages
