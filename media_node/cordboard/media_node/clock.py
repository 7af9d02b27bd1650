"""Time as the media node sees it: one monotonic clock, injected, so that replay and tests can drive it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget the call; harmless when it was made already."""
        ...


class Clock(Protocol):
    """A monotonic clock with timers. All times are microseconds; the origin means nothing."""

    def now_us(self) -> int:
        """Tell the time."""
        ...

    def call_at(self, when_us: int, callback: Callable[[], None]) -> Timer:
        """Call back at `when_us`, give or take a millisecond; when that is past, at once but not inside this call."""
        ...


class LoopClock:
    """The machine's monotonic clock, with timers of the running event loop."""

    def now_us(self) -> int:
        """Tell the time."""
        return time.monotonic_ns() // 1_000

    def call_at(self, when_us: int, callback: Callable[[], None]) -> Timer:
        """Call back at `when_us` from the event loop."""
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, (when_us - self.now_us()) / 1e6), callback)


class _VirtualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock that stands still until it is told to advance; timers fire in order of their times."""

    def __init__(self, now_us: int = 0) -> None:
        """Make a clock that shows `now_us`."""
        self._now_us = now_us
        self._order = itertools.count()
        self._due: list[tuple[int, int, _VirtualTimer]] = []

    def now_us(self) -> int:
        """Tell the time."""
        return self._now_us

    def call_at(self, when_us: int, callback: Callable[[], None]) -> Timer:
        """Call back when the clock is advanced to `when_us`."""
        timer = _VirtualTimer(callback)
        heapq.heappush(self._due, (max(when_us, self._now_us), next(self._order), timer))
        return timer

    def advance(self, by_us: int) -> None:
        """Let `by_us` pass, firing on the way what falls due."""
        end = self._now_us + by_us
        while self._due and self._due[0][0] <= end:
            when, _, timer = heapq.heappop(self._due)
            self._now_us = max(self._now_us, when)
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._now_us = end


class Ticker:
    """Calls back every `period_us` without drift: each due time is counted from the first, not from the last call."""

    def __init__(self, clock: Clock, period_us: int, callback: Callable[[], None]) -> None:
        """Start ticking; the first call comes after one period."""
        self._clock = clock
        self._period_us = period_us
        self._callback = callback
        self._due_us = clock.now_us() + period_us
        self._timer: Timer | None = clock.call_at(self._due_us, self._tick)

    def stop(self) -> None:
        """Make no more calls."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        late = self._clock.now_us() - self._due_us
        # A stalled process owes one call, not one per missed period.
        self._due_us += self._period_us * max(1, 1 + late // self._period_us)
        self._timer = self._clock.call_at(self._due_us, self._tick)
        self._callback()
