"""What a soak says in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from cordboard.cli.bench.machine import Machine
from cordboard.cli.output import table

KIB_PER_MIB = 1024


@dataclass(slots=True)
class SoakRun:
    """What happened: calls, memory (process name to KiB, children included), restarts, and the record in the end.

    `memory_warm` was taken after the first call: until then every process still loads what it needs.
    """

    minutes: float = 0.0
    calls_ok: int = 0
    failures: list[str] = field(default_factory=list)
    memory_start: Mapping[str, int] = field(default_factory=dict)
    memory_warm: Mapping[str, int] = field(default_factory=dict)
    memory_end: Mapping[str, int] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    ledger_events: int = 0
    ledger_faults: int = 0

    @property
    def ok(self) -> bool:
        """Whether calls were placed, none failed, nothing restarted, and the record holds."""
        return bool(self.calls_ok) and not (self.failures or self.ledger_faults or any(self.restarts.values()))

    def growth_kib(self, name: str) -> int:
        """Give how much a process grew after its first call."""
        return self.memory_end.get(name, 0) - self.memory_warm.get(name, self.memory_start.get(name, 0))

    def to_json(self, machine: Machine) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "bench": "soak",
            "ok": self.ok,
            "minutes": round(self.minutes, 2),
            "calls": {"ok": self.calls_ok, "failed": len(self.failures), "faults": self.failures},
            "memory_kib": {
                name: {
                    "start": size,
                    "warm": self.memory_warm.get(name, 0),
                    "end": self.memory_end.get(name, 0),
                    "growth": self.growth_kib(name),
                }
                for name, size in self.memory_start.items()
            },
            "restarts": dict(self.restarts),
            "ledger": {"events": self.ledger_events, "faults": self.ledger_faults, "valid": not self.ledger_faults},
            "machine": machine.to_json(),
        }

    def show(self, console: Console, machine: Machine) -> None:
        """Print it for people."""
        rows = [
            (
                name,
                _mib(size),
                _mib(self.memory_warm.get(name, 0)),
                _mib(self.memory_end.get(name, 0)),
                f"{self.growth_kib(name) / KIB_PER_MIB:+.1f}",
                str(self.restarts.get(name, 0)),
            )
            for name, size in self.memory_start.items()
        ]
        console.print(table(("MiB of", "start", "after a call", "end", "growth since", "restarts"), rows))
        for fault in self.failures:
            console.print(Text(f"failed: {fault}", style="red"))
        chain = "holds" if not self.ledger_faults else f"has {self.ledger_faults} faults"
        console.print(
            f"{self.minutes:.1f} minutes, {self.calls_ok} calls ok, {len(self.failures)} failed; "
            f"{self.ledger_events} events on record, whose chain {chain}"
        )
        console.print(Text(str(machine), style="dim"))


def _mib(kib: int) -> str:
    return f"{kib / KIB_PER_MIB:.1f}"
