"""A row holds or fails for reasons that it names."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.spread import Spread
from cordboard.cli.chaos.account import Account
from cordboard.cli.chaos.chaos_table import show
from cordboard.cli.chaos.row_result import ChaosReport, RowResult

GOOD = RowResult(
    "temporal",
    "Temporal, restarted",
    "call steered",
    in_flight=3,
    gaps_ms=Spread.of([11, 20, 31]),
    noise_ms=12,
    recover_s=Spread.of([2.0, 2.5, 3.0]),
)
MACHINE = Machine(2, "cpu", "6", "CPython 3.11", (0.5, 0.4, 0.3))


def test_a_row_in_which_nothing_was_lost_holds() -> None:
    assert GOOD.ok
    assert GOOD.reasons == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (replace(GOOD, in_flight=0), "no call was in flight"),
        (replace(GOOD, lost=1), "1 calls lost"),
        (replace(GOOD, account=Account(2, 1)), "2 events lost, 1 twice"),
        (replace(GOOD, account=Account(faults=("call x: out of order",))), "call x: out of order"),
        (replace(GOOD, gaps_ms=Spread.of([20, 900])), "a caller heard nothing for 900 ms"),
        (replace(GOOD, recover_s=Spread()), "nothing recovered"),
        (replace(GOOD, faults=["a fault of its own"]), "a fault of its own"),
    ],
)
def test_a_row_fails_and_says_why(changed: RowResult, reason: str) -> None:
    assert not changed.ok
    assert reason in changed.reasons


def test_a_gap_counts_only_where_the_sound_had_to_go_on() -> None:
    assert replace(GOOD, gaps_ms=Spread.of([4000]), judges_sound=False).ok
    assert replace(GOOD, gaps_ms=Spread.of([300]), noise_ms=150).ok


def test_calls_that_end_with_a_reason_are_not_lost() -> None:
    told = replace(GOOD, doomed=2)
    assert told.ok
    assert told.to_json()["calls_ended_with_reason"] == 2


def test_the_document_has_every_figure() -> None:
    document = json.loads(json.dumps(ChaosReport("short", 7, [GOOD], 4, 80).to_json()))
    row = document["rows"][0]
    assert document["ok"]
    assert (row["calls_in_flight"], row["calls_lost"], row["events_lost"], row["events_twice"]) == (3, 0, 0, 0)
    assert row["audio_gap_ms"] == {"p50": 20, "p99": 31, "before": 12, "judged": True}
    assert row["recover_s"] == {"what": "call steered", "p50": 2.5, "max": 3.0, "count": 3}
    assert row["reasons"] == []


def test_nothing_measured_is_said_as_nothing() -> None:
    row = replace(GOOD, gaps_ms=Spread(), recover_s=Spread()).to_json()
    assert row["audio_gap_ms"]["p50"] is None
    assert row["recover_s"]["max"] is None


@pytest.mark.parametrize(
    "report",
    [
        ChaosReport("short", 0, [], 0, 0),
        ChaosReport("short", 0, [GOOD, replace(GOOD, lost=1)], 1, 1),
        ChaosReport("short", 0, [GOOD], 1, 1, ["a call does not end"]),
    ],
)
def test_a_run_fails_with_any_of_its_parts(report: ChaosReport) -> None:
    assert not report.ok


def test_the_table_names_verdicts_reasons_and_notes() -> None:
    out = StringIO()
    bad = replace(GOOD, name="s3", title="S3 away", lost=1, notes=["7 segments waited"])
    show(ChaosReport("long", 3, [GOOD, bad], 9, 400, ["one left"]), MACHINE, Console(file=out, width=200))
    said = out.getvalue()
    for told in ("holds", "FAILS", "s3: 1 calls lost", "s3: 7 segments waited", "at the end: one left", "seed 3"):
        assert told in said
