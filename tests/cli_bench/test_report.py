import io
import json
from collections.abc import Sequence

from rich.console import Console

from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.report import Report
from cordboard.cli.bench.spread import Spread

MACHINE = Machine(2, "a processor", "6.18", "CPython 3.11.2", (1.5, 1.0, 0.5), (2.5, 1.0, 0.5))
MET = Figure("delay", "ms", Spread.of([1, 2]), (Bar("p50", "<", 3),), {"wire": Spread.of([1])})
MISSED = Figure("rate", "ratio", Spread.of([0.5]), (Bar("p50", ">=", 0.6),), {"commit": Spread.of([8])}, "us")
BESIDE = Figure("echo", "ms", Spread.of([0.1]))


def report(figures: Sequence[Figure]) -> Report:
    return Report("test", MACHINE, 2, figures)


def shown(figures: Sequence[Figure]) -> str:
    out = io.StringIO()
    report(figures).show(Console(file=out, width=160))
    return out.getvalue()


def test_a_report_is_met_when_no_figure_is_missed() -> None:
    assert report([MET, BESIDE]).met
    assert not report([MET, MISSED, BESIDE]).met


def test_a_report_as_data_can_be_written_as_json_and_names_the_machine_and_its_load() -> None:
    data = json.loads(json.dumps(report([MET, MISSED]).to_json()))
    assert (data["bench"], data["met"], data["tries"]) == ("test", False, 2)
    assert (data["machine"]["cpus"], data["machine"]["python"]) == (2, "CPython 3.11.2")
    assert (data["machine"]["load_before"][0], data["machine"]["load_after"][0]) == (1.5, 2.5)
    assert [figure["met"] for figure in data["figures"]] == [True, False]


def test_a_missed_figure_is_shown_with_what_it_is_made_of() -> None:
    text = shown([MET, MISSED])
    assert "MISSED" in text
    assert "rate, by stage (us)" in text
    assert "commit" in text


def test_a_figure_that_is_met_is_one_line() -> None:
    text = shown([MET])
    assert "MISSED" not in text
    assert "by stage" not in text


def test_people_see_the_load_beside_the_figures() -> None:
    assert "load average 1.50 before, 2.50 after" in shown([MET])


def test_a_figure_of_which_nothing_was_measured_is_shown_as_such() -> None:
    assert " - " in shown([Figure("delay", "ms", Spread(), (Bar("p50", "<", 3),))])


def test_this_machine_is_known() -> None:
    machine = Machine.look().after()
    assert machine.cpus >= 1
    assert machine.cpu
    assert "Python" in machine.python
    assert all(load >= 0 for load in (*machine.load_before, *machine.load_after))
