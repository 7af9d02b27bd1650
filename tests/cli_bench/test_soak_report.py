import io
import json

from rich.console import Console

from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.soak.soak_report import SoakRun

MACHINE = Machine(2, "a processor", "6.18", "CPython 3.11.2", (1.5, 1.0, 0.5), (2.5, 1.0, 0.5))


def run() -> SoakRun:
    return SoakRun(
        minutes=10.2,
        calls_ok=8,
        memory_start={"worker-1": 100_000},
        memory_warm={"worker-1": 110_000},
        memory_end={"worker-1": 112_048},
        restarts={"worker-1": 0},
        ledger_events=900,
    )


def test_growth_counts_from_after_the_first_call() -> None:
    data = json.loads(json.dumps(run().to_json(MACHINE)))
    assert data["memory_kib"] == {"worker-1": {"start": 100_000, "warm": 110_000, "end": 112_048, "growth": 2_048}}
    assert (data["ok"], data["calls"]["ok"], data["ledger"]["valid"]) == (True, 8, True)


def test_a_failed_call_a_restart_and_a_broken_chain_each_spoil_it() -> None:
    failed, restarted, broken, idle = run(), run(), run(), run()
    failed.failures.append("somebody: nothing was booked")
    restarted.restarts = {"worker-1": 1}
    broken.ledger_faults = 1
    idle.calls_ok = 0
    assert [one.ok for one in (run(), failed, restarted, broken, idle)] == [True, False, False, False, False]


def test_people_see_memory_calls_and_the_record() -> None:
    out, failed = io.StringIO(), run()
    failed.failures.append("somebody: nothing was booked")
    failed.show(Console(file=out, width=160), MACHINE)
    text = out.getvalue()
    assert "worker-1  97.7   107.4         109.4  +2.0" in text
    assert "failed: somebody: nothing was booked" in text
    assert "8 calls ok, 1 failed; 900 events on record, whose chain holds" in text
