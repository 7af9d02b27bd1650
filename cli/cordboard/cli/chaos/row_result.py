"""What one row of the table says: a fault that was made, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cordboard.cli.bench.spread import Spread, rounded
from cordboard.cli.chaos.account import Account

MOST_EXTRA_GAP_MS = 200.0
"""No caller may hear a longer gap than this beyond what the machine's own scheduling causes when nothing happens."""


@dataclass(slots=True)
class RowResult:
    """The figures of one row.

    `gaps_ms` has each call's longest gap from the fault to the row's end, `noise_ms` the longest of any call before
    it. `recover_s` has how long each call waited for what `recovery` names. `doomed` are calls that this build cannot
    save: they have to end with a reason. `judges_sound` is false where the fault takes the sound's source itself.
    """

    name: str
    title: str
    recovery: str
    in_flight: int = 0
    lost: int = 0
    doomed: int = 0
    account: Account = field(default_factory=Account)
    gaps_ms: Spread = field(default_factory=Spread)
    noise_ms: float = 0.0
    judges_sound: bool = True
    recover_s: Spread = field(default_factory=Spread)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def reasons(self) -> list[str]:
        """Why the row fails; empty when it passes."""
        found = [] if self.in_flight else ["no call was in flight"]
        if self.lost:
            found.append(f"{self.lost} calls lost")
        if self.account.lost or self.account.twice:
            found.append(f"{self.account.lost} events lost, {self.account.twice} twice")
        found += self.account.faults
        if self.judges_sound and self.gaps_ms.values and self.worst_gap_ms > self.noise_ms + MOST_EXTRA_GAP_MS:
            found.append(f"a caller heard nothing for {self.worst_gap_ms:.0f} ms")
        if not self.recover_s.values:
            found.append("nothing recovered")
        return found + self.faults

    @property
    def ok(self) -> bool:
        """Whether the row passes."""
        return not self.reasons

    @property
    def worst_gap_ms(self) -> float:
        """The longest gap of any call."""
        return self.gaps_ms.values[-1] if self.gaps_ms.values else 0.0

    def __str__(self) -> str:
        recovered = (
            f"{self.recovery} after {self.recover_s.values[-1]:.1f} s" if self.recover_s.values else "no recovery"
        )
        verdict = "holds" if self.ok else f"FAILS: {'; '.join(self.reasons)}"
        return f"{self.name}: {self.in_flight} calls, {recovered}, took {self.seconds:.0f} s, {verdict}"

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "row": self.name,
            "title": self.title,
            "ok": self.ok,
            "calls_in_flight": self.in_flight,
            "calls_lost": self.lost,
            "calls_ended_with_reason": self.doomed,
            "events_lost": self.account.lost,
            "events_twice": self.account.twice,
            "audio_gap_ms": {
                "p50": _quantile(self.gaps_ms, 0.5),
                "p99": _quantile(self.gaps_ms, 0.99),
                "before": rounded(self.noise_ms),
                "judged": self.judges_sound,
            },
            "recover_s": {
                "what": self.recovery,
                "p50": _quantile(self.recover_s, 0.5),
                "max": _quantile(self.recover_s, 1.0),
                "count": len(self.recover_s),
            },
            "reasons": self.reasons,
            "notes": self.notes,
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class ChaosReport:
    """All rows, what was wrong when the last calls ended, and how it was asked for."""

    form: str
    seed: int
    rows: Sequence[RowResult]
    calls: int
    events: int
    end_faults: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether every row passes and every call came to its end."""
        return bool(self.rows) and not self.end_faults and all(row.ok for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "chaos": self.form,
            "ok": self.ok,
            "seed": self.seed,
            "calls": self.calls,
            "events": self.events,
            "rows": [row.to_json() for row in self.rows],
            "end_faults": list(self.end_faults),
        }


def _quantile(spread: Spread, part: float) -> float | None:
    return rounded(spread.quantile(part)) if spread.values else None
