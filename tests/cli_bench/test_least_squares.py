import pytest

from cordboard.cli.bench.calls.least_squares import Fit


def test_a_line_is_found_with_its_intercept_and_slope() -> None:
    fit = Fit.of([0, 1, 2, 4, 8], [0.1, 0.3, 0.5, 0.9, 1.7])
    assert fit.intercept == pytest.approx(0.1)
    assert fit.slope == pytest.approx(0.2)
    assert fit.r_squared == pytest.approx(1.0)
    assert fit.growth == "linear"


def test_noise_does_not_make_a_line_a_curve() -> None:
    calls = [0, 1, 2, 3, 4, 6, 8]
    noise = [0.01, -0.02, 0.02, -0.01, 0.02, -0.02, 0.01]
    assert Fit.of(calls, [0.2 * x + e for x, e in zip(calls, noise, strict=True)]).growth == "linear"


def test_what_grows_with_the_square_grows_faster_and_what_saturates_slower() -> None:
    calls = [0, 1, 2, 3, 4, 6]
    assert Fit.of(calls, [0.05 * x * x for x in calls]).growth == "grows faster"
    assert Fit.of(calls, [1 - 0.5**x for x in calls]).growth == "grows slower"


def test_values_that_do_not_follow_the_calls_are_no_line() -> None:
    assert Fit.of([0, 1, 2, 3, 4], [1.0, 3.0, 0.5, 2.5, 1.2]).growth == "no line"


def test_what_does_not_change_costs_nothing_per_call() -> None:
    fit = Fit.of([0, 1, 2, 3], [5.0, 5.0, 5.0, 5.0])
    assert fit.slope == pytest.approx(0.0)
    assert fit.growth == "linear"


def test_two_numbers_of_calls_tell_nothing_of_growth() -> None:
    assert Fit.of([0, 2, 2], [0.0, 1.0, 1.2]).growth == "too few steps"
    assert Fit.of([2, 2], [1.0, 1.2]) == Fit(1.0, 0.0, 0.0, "too few steps")
    assert Fit.of([1], [1.0]).to_json() == {
        "intercept": 1.0, "per_call": 0.0, "r_squared": 0.0, "growth": "too few steps"
    }  # fmt: skip
