"""Time: the virtual clock and the ticker on it; the loop's clock with short waits."""

import asyncio

from cordboard.media_node.clock import LoopClock, Ticker, VirtualClock


def test_timers_fire_in_order_of_their_times_and_see_their_own_time() -> None:
    clock = VirtualClock(100)
    seen: list[tuple[str, int]] = []
    clock.call_at(130, lambda: seen.append(("b", clock.now_us())))
    clock.call_at(120, lambda: seen.append(("a", clock.now_us())))
    clock.advance(50)
    assert seen == [("a", 120), ("b", 130)]
    assert clock.now_us() == 150


def test_a_cancelled_timer_does_not_fire() -> None:
    clock = VirtualClock()
    seen: list[int] = []
    clock.call_at(10, lambda: seen.append(1)).cancel()
    clock.advance(20)
    assert seen == []


def test_a_ticker_does_not_drift() -> None:
    clock = VirtualClock(7)
    seen: list[int] = []
    ticker = Ticker(clock, 1_000, lambda: seen.append(clock.now_us()))
    clock.advance(10_500)
    ticker.stop()
    clock.advance(10_000)
    assert seen == [7 + n * 1_000 for n in range(1, 11)]


async def test_the_loops_clock_calls_back_when_it_is_time() -> None:
    clock = LoopClock()
    done = asyncio.Event()
    due = clock.now_us() + 20_000
    clock.call_at(due, done.set)
    await asyncio.wait_for(done.wait(), 10)
    assert clock.now_us() >= due - 1_000
