"""Measures how soon the agent falls silent when a caller talks over it."""

import asyncio
from collections.abc import Sequence

from cordboard.call.v1.facts_pb2 import BargedIn, PlayoutEnded
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.bench.voice.interruption import LINES, Interrupted, interrupt
from cordboard.cli.bench.voice.voice_figures import BargeIn
from cordboard.cli.demo.sound import OPUS_RATE, Sound, over_the_phone, trim
from cordboard.cli.demo.voice import installed_voice
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import LedgerClient, call_stream

# Where in the greeting the caller breaks in, in turn, in seconds.
_AFTER_S = (0.7, 0.9, 1.1, 1.3)
_POLL_S = 0.25
_POLLS = 40


class BargeInBench:
    """Short calls, each with one interruption."""

    def __init__(self, stack: Stack, lines: Sequence[Sound]) -> None:
        """Call through a running stack and interrupt with `lines` in turn."""
        self._stack = stack
        self._tokens = BenchTokens(stack)
        self._lines = lines

    @classmethod
    async def prepare(cls, stack: Stack) -> "BargeInBench":
        """Have the interruptions spoken, as they come out of a telephone line. Raises UnavailableError(NO_VOICE)."""
        spoken = await installed_voice().render(LINES)
        return cls(stack, [trim(over_the_phone(sound, rate), OPUS_RATE) for sound, rate in spoken])

    async def measure(self, number: int) -> BargeIn:
        """Interrupt once. Raises CordboardError when there was nothing to interrupt."""
        line = self._lines[number % len(self._lines)]
        after = _AFTER_S[number % len(_AFTER_S)]
        done = await interrupt(self._stack.gateway_http, self._tokens.caller(), line, after)
        async with ledger_door(self._stack.directory.root, self._stack.address("ledger")) as ledger:
            return barge_in_of(await _facts(ledger, done), done)


async def _facts(ledger: LedgerClient, done: Interrupted) -> list[Envelope]:
    """Read the call's log until it tells what became of the speech; facts are shipped in the background."""
    log: list[Envelope] = []
    for _ in range(_POLLS):
        log = [envelope async for envelope in ledger.read(call_stream(done.call_id))]
        if _ended(log, done.onset) is not None:
            return log
        await asyncio.sleep(_POLL_S)
    return log


def barge_in_of(log: list[Envelope], done: Interrupted) -> BargeIn:
    """Tell from a call's log how soon the agent's speech ended; all clocks are one machine's."""
    found = _ended(log, done.onset)
    if found is None or not found[1].flushed:
        return BargeIn(None)
    silent, ended = found
    stages = {"speech under way to the ear, and its onset noticed late": (silent - done.onset) * 1000}
    for envelope in log:
        barged = BargedIn()
        if envelope.event.event.Unpack(barged) and barged.play_id == ended.play_id:
            noticed_ms = barged.onset_to_silence.ToMicroseconds() / 1000
            stages = {
                "onset as spoken to onset as heard": (silent - done.onset) * 1000 - noticed_ms,
                "onset as heard to flush: voice activity, both hops": noticed_ms,
            }
    at_caller = None if done.last_audible is None else (done.last_audible - done.onset) * 1000
    return BargeIn((silent - done.onset) * 1000, at_caller, stages)


def _ended(log: list[Envelope], onset: float) -> tuple[float, PlayoutEnded] | None:
    """Find the end of the first speech that ended after the onset."""
    for envelope in log:
        ended = PlayoutEnded()
        at = to_us(envelope.event.occurred_at) / 1e6
        if at >= onset and envelope.event.event.Unpack(ended):
            return at, ended
    return None
