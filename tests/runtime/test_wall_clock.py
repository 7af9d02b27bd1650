"""A process's clock may be told to be wrong."""

import time
from collections.abc import Iterator

import pytest

from cordboard.core.errors import InvalidError
from cordboard.runtime import wall_clock
from cordboard.runtime.settings import Settings


@pytest.fixture(autouse=True)
def _right_again() -> Iterator[None]:
    yield
    wall_clock.set_ahead(0)


def test_it_is_the_machines_clock_unless_told_otherwise() -> None:
    before = time.time()
    assert before <= wall_clock.unix_time() <= time.time()
    assert before <= wall_clock.utc_now().timestamp() <= time.time()


@pytest.mark.parametrize("offset", [12.5, -12.5])
def test_it_is_wrong_by_as_much_as_it_is_told(offset: float) -> None:
    wall_clock.set_ahead(offset)
    before = time.time()
    assert before + offset <= wall_clock.unix_time() <= time.time() + offset


def test_an_offset_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidError, match="SETTING_INVALID") as refused:
        _ = Settings(clock_offset="soon").clock_offset_s
    assert refused.value.fields["setting"] == "CORDBOARD_CLOCK_OFFSET"
    assert Settings(drain_seconds="7").drain_s == 7
    assert Settings(voice_talks="12").most_talks == 12
