"""The E-model says what G.107.2 says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cordboard.core.quality import (
    OPUS_24K,
    delay_impairment,
    loss_impairment,
    mos,
    mos_of_rating,
    one_way_delay,
    rating,
)


def ms(value: float) -> timedelta:
    return timedelta(milliseconds=value)


@pytest.mark.parametrize(
    ("loss", "delay", "expected"),
    [
        (0.0, 60, 4.44),
        (0.0, 300, 4.04),
        (0.01, 60, 4.30),
        (0.03, 60, 3.93),
        (0.05, 100, 3.57),
        (0.10, 100, 2.88),
        (0.20, 150, 2.13),
    ],
)
def test_mos_agrees_with_the_reference_values(loss: float, delay: float, expected: float) -> None:
    assert mos_of_rating(rating(loss, ms(delay))) == pytest.approx(expected, abs=0.005)


def test_delay_costs_nothing_up_to_a_hundred_milliseconds() -> None:
    assert delay_impairment(ms(100)) == 0.0
    assert 0 < delay_impairment(ms(150)) < delay_impairment(ms(400)) < 1.48 * 25 * 2


def test_bursts_cost_more_than_random_loss() -> None:
    assert loss_impairment(0.05, burst_ratio=4) > loss_impairment(0.05)
    assert loss_impairment(0.0) == OPUS_24K.ie


@pytest.mark.parametrize("loss", [-1.0, 0.0, 0.5, 1.0, 7.0])
@pytest.mark.parametrize("delay", [0, 100, 5000])
def test_mos_stays_on_its_scale(loss: float, delay: float) -> None:
    assert 1.0 <= mos(loss, ms(delay), ms(delay)) <= 4.5


def test_mos_falls_with_loss_delay_and_jitter() -> None:
    good = mos(0.0, ms(40), ms(2))
    assert good > mos(0.02, ms(40), ms(2))
    assert good > mos(0.0, ms(600), ms(2))
    assert good > mos(0.0, ms(40), ms(120))


def test_one_way_delay_adds_packet_path_and_buffer() -> None:
    assert one_way_delay(ms(80), ms(10)) == ms(80)
