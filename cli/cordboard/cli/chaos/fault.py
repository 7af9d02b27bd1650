"""What a fault is: something that is done to a running engine under calls, and what has to be seen of it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from signal import Signals

from cordboard.cli.chaos.chaos_stack import ChaosStack
from cordboard.cli.chaos.party import Party
from cordboard.cli.chaos.standing_call import StandingCall
from cordboard.cli.chaos.until import until

_ENDS_WITHIN_S = 30.0


@dataclass(slots=True)
class Scene:
    """Where a fault is made: the stack, the calls on it, and how hard it is to be tried."""

    chaos: ChaosStack
    party: Party
    draw: random.Random
    times: int = 1
    """How often a fault is made that can be made more than once."""
    away_s: float = 2.0
    """For how long a server is kept away."""

    @property
    def calls(self) -> Sequence[StandingCall]:
        """The calls that are up."""
        return self.party.calls

    async def kill(self, name: str) -> float:
        """Kill a process at a moment that the seed draws; gives the moment."""
        await asyncio.sleep(self.draw.uniform(0, 0.5))
        at = time.monotonic()
        await self.chaos.stack.kill(name)
        return at

    async def end(self, name: str, number: Signals) -> float:
        """Ask a process to end and wait until it has; gives the moment of the asking. Raises TimeoutError."""
        pid, at = self.chaos.stack.pids().get(name), time.monotonic()
        await self.chaos.stack.kill(name, number)
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await until(lambda: self.chaos.stack.pids().get(name) != pid)
        return at

    async def probe(self, trouble: "Trouble", at: float) -> None:
        """Steer every call and place another one, all at once; each tells how long after a moment it succeeded."""

        async def steer(call: StandingCall) -> None:
            # A recording is paused although the log is away; it is resumed only once that is written down.
            await call.steer()
            trouble.recover_s.append(await call.steer() - at)

        async def begin() -> None:
            since = time.monotonic()
            trouble.recover_s.append(since + await self.party.newcomer() - at)

        await asyncio.gather(begin(), *(steer(call) for call in self.calls))


@dataclass(slots=True)
class Trouble:
    """What a fault found out while it was made."""

    recover_s: list[float] = field(default_factory=list)
    doomed: list[StandingCall] = field(default_factory=list)
    """Calls that this build cannot save."""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table."""

    name: str
    title: str
    recovery: str
    """What each call waited for."""
    about: str
    """What is done and what has to hold, in a sentence or two."""
    make: Callable[[Scene, Trouble], Awaitable[None]]
    waiting: bool = True
    """Whether the calls wait in the queue with music, or talk with the AI agent."""
    judges_sound: bool = True
    in_short: bool = True
    """Whether it belongs to the short form; the kills have tests of their own."""
