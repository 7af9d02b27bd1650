"""Staggered calls on one stack, and the kills of one process among them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.empty_pb2 import Empty
from kill_point import KillPoint
from rtp_gaps import longest_ms
from spoken_call import SpokenCall

from cordboard.cli.demo.proof import chain_is_valid, live_state
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.core.event_message import occurred_us, unpack
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import call_stream

SCRIPT = Path(__file__).parents[1] / "reliability" / "brief_call.json"
WINDOW_S = 8.0
"""How long after a kill a decision may be late because of it."""
HEARD_S = 6.0
"""How long after a kill the media may be disturbed by it; the process is back long before."""


@dataclass(slots=True)
class Kill:
    """One kill: where it was to be, where it was, and who was on the line."""

    point: KillPoint
    victim: str
    lead: SpokenCall
    wall: float
    at: float
    """By the monotonic clock, as `wall` is by the clock of the log."""
    calls: list[SpokenCall] = field(default_factory=list)
    """Those in flight."""
    back_s: float = 0.0
    """Until the supervisor had the process back."""


@dataclass(slots=True)
class Round:
    """What is left of a round: its calls, its kills, and each call's record."""

    calls: list[SpokenCall]
    kills: list[Kill]
    records: dict[str, list[Envelope]] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    chains: dict[str, bool] = field(default_factory=dict)

    def record(self, call: SpokenCall) -> list[Envelope]:
        """Give the events of a call."""
        return self.records[call.call_id]

    def rtp_ms(self) -> tuple[float, float]:
        """Give the longest gap in what callers received while nobody had just been killed, and the longest after."""
        spans = [(kill.at, kill.at + HEARD_S) for kill in self.kills]
        gaps = [gap for call in self.calls for gap in call.rtp_gaps()]
        return longest_ms(gaps, spans, within=False), longest_ms(gaps, spans, within=True)


async def only_wait(_: Kill) -> None:
    """Do nothing while the process is away."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a round goes: which process dies, and at which points, each in a call of its own."""

    component: str
    points: Sequence[KillPoint]
    victim: Callable[[SpokenCall], Awaitable[str]]
    """Chooses the instance for a call."""
    on_kill: Callable[[Kill], Awaitable[None]] = only_wait
    """Runs right after the kill, while the process is away."""
    stagger_s: float = 8.0
    """From the start of one call to the next."""
    rest_s: float = 3.0
    """From the process's return to the next kill at the least."""


class KillRound:
    """Runs one plan on a stack."""

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self._stack = stack
        self._plan = plan
        self._kills: list[Kill] = []
        self._calls: list[SpokenCall] = []
        self._rest_until = 0.0
        self._here = asyncio.Event()
        self._here.set()

    async def run(self) -> Round:
        """Place the calls, kill, wait for the end of all of it and read the record."""
        plan = self._plan
        async with AsyncExitStack() as held:
            names = [f"{plan.component}-{number}" for number in range(len(plan.points))]
            calls = self._calls = [SpokenCall(self._stack, name, SCRIPT) for name in names]
            # One after the other: a caller that gets ready takes a whole core.
            for call in calls:
                await held.enter_async_context(call)
            killing = asyncio.ensure_future(self._kill_all(calls))
            held.push_async_callback(_cancel, killing)
            await asyncio.gather(*(self._place(number, call) for number, call in enumerate(calls)))
            await killing
            return await self._read(calls)

    async def _place(self, number: int, call: SpokenCall) -> None:
        await asyncio.sleep(number * self._plan.stagger_s)
        await call.call()
        await call.finish()

    async def _kill_all(self, calls: Sequence[SpokenCall]) -> None:
        jobs = [self._kill_at(point, call) for point, call in zip(self._plan.points, calls, strict=True)]
        await asyncio.gather(*jobs)

    async def _kill_at(self, point: KillPoint, call: SpokenCall) -> None:
        """Kill at a point of a call; at its speaker's next turn when another kill is not over yet at that moment."""
        while await call.turns.reach(point):
            if self._here.is_set() and time.monotonic() > self._rest_until:
                await self._kill(point, call)
                return

    async def _kill(self, point: KillPoint, lead: SpokenCall) -> None:
        self._here.clear()
        victim = await self._plan.victim(lead)
        kill = Kill(point, victim, lead, time.time(), time.monotonic())
        self._kills.append(kill)
        await self._stack.kill(victim)
        kill.calls = [call for call in self._calls if call.in_flight]
        await self._plan.on_kill(kill)
        await self._stack.ready(victim)
        kill.back_s = time.monotonic() - kill.at
        self._rest_until = time.monotonic() + self._plan.rest_s
        self._here.set()

    async def _read(self, calls: list[SpokenCall]) -> Round:
        home = self._stack.directory.root
        done = Round(calls, self._kills)
        self._write_down(home / "calls" / f"{self._plan.component}-kills.json")
        for call in calls:
            done.records[call.call_id] = await _quiet_record(home, call.call_id)
            _write_record(call.out / "record.jsonl", done.records[call.call_id])
            done.chains[call.call_id] = await chain_is_valid(home, call.call_id)
            done.live[call.call_id] = await live_state(
                home,
                call.call_id,
                temporal=self._stack.address("temporal"),
                namespace=NAMESPACE,
                ledger=self._stack.address("ledger"),
            )
        return done

    def _write_down(self, file: Path) -> None:
        """Leave the times for whoever looks into a kept folder."""
        kills = [{"point": str(kill.point), "at": kill.at, "wall": kill.wall} for kill in self._kills]
        file.write_text(json.dumps(kills, indent=1), encoding="utf-8")


def _write_record(file: Path, events: Sequence[Envelope]) -> None:
    """Leave a call's events for whoever looks into a kept folder."""
    told = [
        {
            "at": occurred_us(one) / 1e6,
            "source": one.event.source,
            "number": one.event.source_seq,
            "type": one.event.event.TypeName().rpartition(".")[2],
            "text": text_format.MessageToString(unpack(one) or Empty(), as_one_line=True),
        }
        for one in events
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")


async def _quiet_record(home: Path, call_id: str) -> list[Envelope]:
    """Read a call's record once nothing more comes: facts are shipped in the background."""
    before = -1
    async with ledger_door(home) as ledger:
        while True:
            events = [event async for event in ledger.read(call_stream(call_id), with_phi=True)]
            if len(events) == before:
                return events
            before = len(events)
            await asyncio.sleep(0.5)


async def _cancel(task: "asyncio.Future[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
