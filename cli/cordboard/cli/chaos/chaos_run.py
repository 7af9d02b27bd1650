"""Makes one fault after the other under calls, and sees what each of them cost."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.spread import Spread
from cordboard.cli.chaos.account import Account
from cordboard.cli.chaos.chaos_stack import chaos_stack
from cordboard.cli.chaos.fault import Fault, Scene, Trouble
from cordboard.cli.chaos.party import Party, longest_gaps, rendered_yes
from cordboard.cli.chaos.row_result import ChaosReport, RowResult
from cordboard.core.errors import CordboardError


@dataclass(frozen=True, slots=True)
class Form:
    """How hard a run tries: calls at once, how often a fault is made, for how long servers are away.

    With `fresh` every row has calls of its own, which end with it; else they are handed on from row to row.
    """

    name: str
    calls: int
    times: int
    away_s: float
    quiet_s: float
    """For how long nothing happens before a fault, to see what the callers hear then."""
    fresh: bool


SHORT = Form("short", calls=2, times=1, away_s=1.5, quiet_s=1.0, fresh=False)
LONG = Form("long", calls=4, times=3, away_s=5.0, quiet_s=3.0, fresh=True)
_AFTER_S = 1.0
"""For how long is listened on when all have recovered."""


async def run(home: Path, faults: Sequence[Fault], form: Form, seed: int, progress: Progress) -> ChaosReport:
    """Make the faults on a stack of its own and give the report. Raises CordboardError when there can be no calls."""
    progress.step("speaking the caller's line")
    # Rendered lines outlive the run's own folder.
    yes = await rendered_yes(home.absolute() / "speech")
    rows: list[RowResult] = []
    async with chaos_stack(home, progress) as chaos:
        party = Party(chaos, yes)
        scene = Scene(chaos, party, random.Random(seed), form.times, form.away_s)  # noqa: S311  # not for secrets
        try:
            before = Account()
            for number, fault in enumerate(faults):
                progress.step(f"{fault.title} ({number + 1} of {len(faults)})")
                row, before = await _Row(scene, fault, form).make(before)
                rows.append(row)
                progress.step(str(row))
            progress.step("ending the calls")
            end_faults = await _end(party, list(party.calls), before)
            progress.step("counting")
            return ChaosReport(form.name, seed, rows, party.placed, await party.events(), end_faults)
        finally:
            await party.close()


class _Row:
    """One row while it is made."""

    def __init__(self, scene: Scene, fault: Fault, form: Form) -> None:
        self._scene = scene
        self._fault = fault
        self._form = form
        self._trouble = Trouble()

    async def make(self, before: Account) -> tuple[RowResult, Account]:
        """Make the fault; gives the row, and how the log stands after it."""
        fault, party = self._fault, self._scene.party
        row = RowResult(fault.name, fault.title, fault.recovery, judges_sound=fault.judges_sound)
        began = time.monotonic()
        try:
            await party.up(self._form.calls, waiting=fault.waiting)
            calls = list(party.calls)
            await asyncio.sleep(self._form.quiet_s)
            row.in_flight = sum(not call.is_lost for call in calls)
            since = time.monotonic()
            await fault.make(self._scene, self._trouble)
            await asyncio.sleep(_AFTER_S)
        except (CordboardError, TimeoutError) as error:
            row.faults.append(str(error) or type(error).__name__)
            calls, since = list(party.calls), began
        self._judge(row, since)
        doomed = self._trouble.doomed
        row.lost = sum(call.is_lost for call in calls if call not in doomed)
        row.doomed = sum(call.is_lost for call in doomed)
        account = await party.account()
        row.account = account.since(before)
        row.faults += await party.record_faults(calls)
        if self._form.fresh:
            row.faults += await _end(party, [call for call in calls if not call.ended_as], account)
            account = await party.account()
        row.seconds = time.monotonic() - began
        return row, account

    def _judge(self, row: RowResult, since: float) -> None:
        """Put down what was heard, and what the fault found out."""
        calls = [call for call in self._scene.calls if call not in self._trouble.doomed and call.answered]
        row.gaps_ms = longest_gaps(calls, since, time.monotonic())
        quiet = longest_gaps(calls, since - self._form.quiet_s, since)
        row.noise_ms = quiet.values[-1] if quiet.values else 0.0
        row.recover_s = Spread.of(self._trouble.recover_s)
        row.faults += self._trouble.faults
        row.notes += self._trouble.notes


async def _end(party: Party, calls: "Sequence[object]", before: Account) -> list[str]:
    """Have calls end by their callers, and tell what was wrong with that."""
    ending = [call for call in party.calls if call in calls and not call.ended_as]
    try:
        await party.hang_up(ending)
    except CordboardError as error:
        return [str(error)]
    account = (await party.account()).since(before)
    found = [*account.faults] + ([] if account.is_even else [f"{account.lost} events lost, {account.twice} twice"])
    return found + await party.record_faults(ending)
