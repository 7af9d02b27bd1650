import pytest

from cordboard.cli.bench.calls.ladder import Ladder, rungs
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.usage import CALLERS, Usage
from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.spread import Spread
from cordboard.core.errors import InvalidError


def step(calls: int, *, reply: float = 500.0, barge_in: float = 100.0, failures: tuple[str, ...] = ()) -> Step:
    figures = [
        Figure("reply", "ms", Spread.of([reply]), (Bar("p95", "<", 1000),)),
        Figure("barge-in", "ms", Spread.of([barge_in]), (Bar("p95", "<", 250),)),
        Figure("offer to answer", "ms", Spread.of([70.0])),
    ]
    usage = Usage(30.0, {"voice-agent-1": 0.2 * calls, CALLERS: 0.01}, {"voice-agent-1": 300.0})
    return Step(calls, calls * 0.9, usage, figures, failures=failures)


def climbed(ladder: Ladder, **broken: float) -> list[int]:
    tried = []
    for calls in ladder.climb():
        tried.append(calls)
        ladder.take(step(calls, reply=2000 if calls >= broken.get("reply", 99) else 500))
    return tried


def test_strides_grow_up_to_the_most_that_is_wanted() -> None:
    assert rungs(8) == (1, 2, 3, 4, 6, 8)
    assert rungs(5) == (1, 2, 3, 4, 5)
    assert rungs(1) == (1,)


def test_a_step_of_ones_own_is_kept() -> None:
    assert rungs(10, 3) == (3, 6, 9)
    assert rungs(2, 5) == (2,)


def test_a_load_without_calls_is_refused() -> None:
    with pytest.raises(InvalidError, match="at least one"):
        rungs(0)


def test_it_climbs_to_the_end_when_nothing_breaks() -> None:
    ladder = Ladder((1, 2, 3))
    assert climbed(ladder) == [1, 2, 3]
    assert (ladder.held, ladder.broke, ladder.broken) == (3, None, [])


def test_what_breaks_is_tried_again_and_ends_the_climb() -> None:
    ladder = Ladder((1, 2, 4, 8))
    assert climbed(ladder, reply=4) == [1, 2, 4, 4]
    assert ladder.held == 2
    assert ladder.broke is ladder.steps[-1]
    assert ladder.broken == ["reply"]


def test_what_breaks_once_only_was_chance() -> None:
    ladder = Ladder((1, 2))
    chance = iter([step(1, reply=2000), step(1, barge_in=900), step(2)])
    tried = []
    for calls in ladder.climb():
        tried.append(calls)
        ladder.take(next(chance))
    # Another figure broke the second time: neither was confirmed.
    assert tried == [1, 1, 2]
    assert (ladder.held, ladder.broke) == (2, None)


def test_nothing_holds_when_the_first_step_breaks() -> None:
    ladder = Ladder((1, 2))
    assert climbed(ladder, reply=1) == [1, 1]
    assert ladder.held == 0


def test_a_call_that_fails_breaks_a_step() -> None:
    assert step(2, failures=("NOTHING_HEARD",)).broken == ["calls that failed"]
    assert step(2, reply=1200, barge_in=300).broken == ["reply", "barge-in"]
    assert step(2).broken == []


def test_a_step_is_told_with_what_it_used() -> None:
    told = step(2, failures=("NOTHING_HEARD",)).to_json()
    assert told["calls"] == 2
    assert told["concurrency"] == 1.8
    assert told["engine_cores"] == 0.4
    assert told["broken"] == ["calls that failed"]
