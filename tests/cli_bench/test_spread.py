import pytest

from cordboard.cli.bench.spread import Spread, rounded, stages_of


def test_a_quantile_is_a_value_that_was_measured() -> None:
    spread = Spread.of(range(100, 0, -1))
    assert (spread.p50, spread.p95, spread.p99) == (50, 95, 99)
    assert (spread.quantile(0), spread.quantile(1)) == (1, 100)


def test_one_value_is_every_quantile() -> None:
    spread = Spread.of([7.5])
    assert (spread.p50, spread.p95, spread.p99) == (7.5, 7.5, 7.5)


def test_p95_of_few_tries_is_the_worst_of_them() -> None:
    assert Spread.of([3, 1, 2]).p95 == 3


def test_nothing_measured_is_said_and_not_made_up() -> None:
    assert Spread().to_json() == {
        "count": 0,
        "p50": None,
        "p95": None,
        "p99": None,
        "least": None,
        "most": None,
    }
    with pytest.raises(ValueError, match="nothing was measured"):
        _ = Spread().p50


def test_numbers_are_cut_to_what_a_measurement_can_tell() -> None:
    assert [rounded(number) for number in (0.123456, 12.3456, 123.456, 29434.4)] == [0.1235, 12.35, 123.5, 29434]


def test_a_stage_is_spread_over_the_tries_that_have_it_in_the_order_of_first_mention() -> None:
    stages = stages_of([{"wait": 1.0, "reply": 9.0}, {"wait": 3.0, "tool": 5.0}])
    assert {name: spread.values for name, spread in stages.items()} == {
        "wait": (1.0, 3.0),
        "reply": (9.0,),
        "tool": (5.0,),
    }
    assert list(stages) == ["wait", "reply", "tool"]
