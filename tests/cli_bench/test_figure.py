import pytest

from cordboard.cli.bench.figure import Bar, Figure, Relation
from cordboard.cli.bench.spread import Spread

FOUR = Spread.of([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("relation", "limit", "holds"),
    [("<", 2, False), ("<", 2.1, True), ("<=", 2, True), ("<=", 1.9, False), (">=", 2, True), (">=", 2.1, False)],
)
def test_a_bar_holds_its_statistic_against_its_limit(relation: Relation, limit: float, holds: bool) -> None:
    assert Bar("p50", relation, limit).holds(FOUR) is holds


def test_a_figure_is_met_when_all_of_its_bars_hold() -> None:
    bars = (Bar("p50", "<", 3), Bar("p95", "<", 4))
    assert Figure("delay", "ms", FOUR, bars[:1]).met is True
    assert Figure("delay", "ms", FOUR, bars).met is False


def test_what_was_not_measured_is_not_met() -> None:
    assert Figure("delay", "ms", Spread(), (Bar("p50", "<", 3),)).met is False


def test_a_figure_without_bars_is_neither_met_nor_missed() -> None:
    assert Figure("delay", "ms", FOUR).met is None


def test_a_figure_as_data_names_its_bar_its_stages_and_what_stands_beside_it() -> None:
    figure = Figure(
        "rate",
        "ratio",
        FOUR,
        (Bar("p50", ">=", 0.6),),
        {"first half": Spread.of([5])},
        "ms",
        counts={"lost": 0},
        note="as it is",
    )
    shown = figure.to_json()
    assert (shown["p50"], shown["p95"], shown["count"]) == (2, 4, 4)
    assert (shown["bar"], shown["met"]) == (["p50 >= 0.6"], True)
    assert (shown["stage_unit"], shown["stages"]["first half"]["p50"]) == ("ms", 5)
    assert (shown["counts"], shown["note"]) == ({"lost": 0}, "as it is")
