"""The calls that are up while faults are made, and those that begin in the middle of one."""

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from cordboard.cli.bench.spread import Spread
from cordboard.cli.chaos.account import Account, account_of
from cordboard.cli.chaos.chaos_stack import ChaosStack
from cordboard.cli.chaos.producer_audit import counted_so_far, every_record, record_of
from cordboard.cli.chaos.record_faults import live_faults
from cordboard.cli.chaos.standing_call import YES, StandingCall
from cordboard.cli.demo.ear import MoonshineEar
from cordboard.cli.demo.proof import chain_is_valid, live_state
from cordboard.cli.demo.sound import Sound
from cordboard.cli.demo.speech_cache import SpeechCache
from cordboard.cli.demo.voice import installed_voice
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.core.errors import CordboardError

_STAGGER_S = 0.4
_SETTLE_S = 12.0
_LOOK_EVERY_S = 0.4
# Its events are about tokens and registrations; what it counts stands on streams that are no call's.
_NOT_ON_CALLS = "gateway/"


class Party:
    """Callers on one stack."""

    def __init__(self, chaos: ChaosStack, yes: Sound) -> None:
        """Begin with nobody on the line."""
        self.calls: list[StandingCall] = []
        self.placed = 0
        self._chaos = chaos
        self._yes = yes
        self._numbers = count(1)

    async def up(self, number: int, *, waiting: bool) -> None:
        """Have so many calls with consent on the line, in the queue or with the AI agent. Raises CordboardError."""
        await self.sweep()
        fresh = [self._new() for _ in range(number - len(self.calls))]

        async def bring(at: int, call: StandingCall) -> None:
            await asyncio.sleep(at * _STAGGER_S)
            await call.call()
            await call.consent()

        brought = await asyncio.gather(*(bring(at, call) for at, call in enumerate(fresh)), return_exceptions=True)
        for call, failure in zip(fresh, brought, strict=True):
            if failure is None:
                self.calls.append(call)
            else:
                await call.close()
        for failure in brought:
            if failure is not None:
                raise failure
        if waiting:
            await asyncio.gather(*(call.wait_in_queue() for call in self.calls if not call.is_waiting))

    async def newcomer(self) -> float:
        """Place a call that begins now, and end it; gives how long its answer took."""
        call = self._new()
        try:
            took = await call.call()
            await call.hang_up()
        finally:
            await call.close()
        return took

    def extra(self) -> StandingCall:
        """Give a call that is yet to be placed, and that whoever places it has to end and close."""
        return self._new()

    async def hang_up(self, calls: Sequence[StandingCall]) -> None:
        """Have some calls end, each by its caller."""
        await asyncio.gather(*(call.hang_up() for call in calls))

    async def sweep(self) -> None:
        """Let go of the calls that are over, and of those that nothing is heard of any more."""
        for call in [call for call in self.calls if call.ended_as or call.is_lost]:
            self.calls.remove(call)
            with contextlib.suppress(CordboardError):
                await call.hang_up()
            await call.close()

    async def close(self) -> None:
        """Let go of every call."""
        for call in self.calls:
            await call.close()
        self.calls = []

    async def account(self) -> Account:
        """Compare the log with what was counted, once both stand still; facts are shipped in the background."""
        until = asyncio.get_running_loop().time() + _SETTLE_S
        while True:
            found = await self._account_now()
            if found.is_even or asyncio.get_running_loop().time() > until:
                return found
            await asyncio.sleep(_LOOK_EVERY_S)

    async def record_faults(self, calls: Sequence[StandingCall]) -> list[str]:
        """Tell what is wrong with chains, watchers and live states of some calls."""
        found = [fault for call in calls for fault in call.watching_faults()]
        for call in calls:
            if not await chain_is_valid(self._chaos.home, call.call_id):
                found.append(f"call {call.call_id}: the chain is broken")
            found += await self._live_faults(call)
        return found

    async def events(self) -> int:
        """Count the events on the records of all calls."""
        return sum(len(record) for record in (await every_record(self._chaos.home)).values())

    def _new(self) -> StandingCall:
        self.placed += 1
        return StandingCall(self._chaos.stack, f"caller-{next(self._numbers)}", self._yes)

    async def _account_now(self) -> Account:
        records = await every_record(self._chaos.home)
        counted = {
            source: number
            for source, number in counted_so_far(self._chaos.home).items()
            if not source.startswith(_NOT_ON_CALLS)
        }
        return account_of(records.values(), counted)

    async def _live_faults(self, call: StandingCall) -> list[str]:
        """Compare live state and fold, again when something came between the two."""
        found: list[str] = []
        for _ in range(6):
            try:
                live = await self._live(call)
            except CordboardError as error:
                found = [f"call {call.call_id}: its state cannot be asked for: {error.reason}"]
            else:
                record = await record_of(self._chaos.home, call.call_id)
                found = [f"call {call.call_id}: {fault}" for fault in live_faults(record, live)]
            if not found:
                return []
            await asyncio.sleep(_LOOK_EVERY_S)
        return found

    async def _live(self, call: StandingCall) -> str:
        stack = self._chaos.stack
        return await live_state(
            self._chaos.home,
            call.call_id,
            temporal=stack.address("temporal"),
            namespace=NAMESPACE,
            ledger=stack.address("ledger"),
        )


def longest_gaps(calls: Sequence[StandingCall], since: float, until: float) -> Spread:
    """Give each call's longest gap in a span of the monotonic clock, in milliseconds."""
    spans = [[gap.ms for gap in call.gaps() if since <= gap.at < until] for call in calls]
    return Spread.of(max(gaps) for gaps in spans if gaps)


async def rendered_yes(folder: Path) -> Sound:
    """Give the caller's one line, spoken once per state directory. Raises UnavailableError(NO_VOICE)."""
    async with MoonshineEar() as ear:
        return (await SpeechCache(folder, installed_voice(), ear).speak([YES], clearly=[YES]))[YES]
