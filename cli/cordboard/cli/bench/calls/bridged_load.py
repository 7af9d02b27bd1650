"""Calls between two people, who speak to each other without a break: what the engine itself costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cordboard.cli.bench.calls.bridged_call import CONSENT, WISH, BridgedParty
from cordboard.cli.bench.calls.calls_figures import bridged_figures
from cordboard.cli.bench.calls.far_phone import Exchange
from cordboard.cli.bench.calls.samples import Samples
from cordboard.cli.bench.calls.speech_line import SpeechLine, recorded
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.window import hold, rest
from cordboard.cli.bench.forward.generator import EchoProbe
from cordboard.cli.bench.forward.stamped_speech import voiced_frames
from cordboard.cli.bench.peer_process import PeerProcess
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.supervision.stack import Stack

_STAGGER_S = 1.5
_SETTLES_WITHIN_S = 10.0
_ECHO_EVERY_S = 0.02


@dataclass(slots=True)
class BridgedLoad:
    """The load of one stack: calls are added from step to step and stay."""

    stack: Stack
    exchange: Exchange
    consent: SpeechLine
    wish: SpeechLine
    probe: EchoProbe
    seconds: float
    done: Callable[[float], None]
    parties: list[BridgedParty] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    samples: Samples = field(default_factory=Samples)

    @classmethod
    @asynccontextmanager
    async def prepare(
        cls, stack: Stack, exchange: Exchange, seconds: float, done: Callable[[float], None]
    ) -> "AsyncIterator[BridgedLoad]":
        """Have the lines spoken, and an echo to compare with; all calls end with the context."""
        consent, wish = await recorded((CONSENT, WISH))
        async with PeerProcess.start("cordboard.cli.bench.forward.udp_echo") as echo:
            probe = await EchoProbe.open((await echo.hear())["port"])
            load = cls(stack, exchange, consent, wish, probe, seconds, done)
            try:
                yield load
            finally:
                for task in load.tasks:
                    task.cancel()
                await asyncio.gather(*load.tasks, return_exceptions=True)
                probe.close()

    async def step(self, calls: int) -> Step:
        """Add calls until there are so many, let all of them speak, and measure."""
        began_adding = time.perf_counter()
        await self._add(calls - len(self.parties) // 2)
        await self.settle()
        echoing = asyncio.create_task(self._echo())
        try:
            self.probe.take_delays()
            window = await hold(self.stack, self.seconds, self._bridged, self.done)
        finally:
            echoing.cancel()
            await asyncio.gather(echoing, return_exceptions=True)
        for echo_ms in self.probe.take_delays():
            self.samples.add("echo", window.began, echo_ms)
        for party in self.parties:
            for at, delay_ms in party.phone.listener.delays if party.phone else ():
                self.samples.add("forwarded", at, delay_ms)
            if party.phone:
                party.phone.listener.delays.clear()
        measured, added = (self.samples.spreads(since, window.ended) for since in (window.began, began_adding))
        figures = bridged_figures(lambda quantity: (added if quantity in {"answer", "click"} else measured)(quantity))
        failures = [why for at, why in self.samples.failures if at >= began_adding]
        counts = {"packets": len(self.samples.within("forwarded", window.began, window.ended))}
        return Step(calls, window.concurrency, window.usage, figures, counts, failures, window.load)

    async def settle(self) -> None:
        """Let the engine finish what the handing over began."""
        await rest(self.stack, _SETTLES_WITHIN_S)

    def _bridged(self) -> int:
        return sum(party.phone is not None and not party.phone.closed.is_set() for party in self.parties) // 2

    async def _add(self, calls: int) -> None:
        tokens, frames = BenchTokens(self.stack), voiced_frames()
        added: list[BridgedParty] = []
        for _ in range(max(0, calls)):
            agent, caller = (BridgedParty(self.exchange, self.samples, frames, asyncio.Event()) for _ in range(2))
            self.tasks.append(asyncio.create_task(agent.serve(tokens.agent())))
            self.tasks.append(asyncio.create_task(caller.ask(tokens.caller(), self.consent, self.wish)))
            added += [agent, caller]
            self.parties += [agent, caller]
            await asyncio.sleep(_STAGGER_S)
        for party in added:
            await party.bridged.wait()

    async def _echo(self) -> None:
        while True:
            self.probe.send()
            await asyncio.sleep(_ECHO_EVERY_S)
