"""What a far end receives: when something was audible, how evenly it came, and how long stamped packets took."""

import asyncio
import time

from cordboard.cli.bench.forward.stamped_speech import stamp_of
from cordboard.cli.demo.sound import AUDIBLE_DBOV
from cordboard.media_node.opus import HearingDecoder, level_dbov
from cordboard.media_node.rtp import CLOCK_RATE, parse_rtp

_NEVER = float("-inf")


class Listener:
    """Takes the packets of one peer; times are seconds on `time.perf_counter`."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self._decoder = HearingDecoder()
        self._audible: list[float] = []
        self._changed = asyncio.Event()
        self._transits: list[tuple[float, float]] = []
        self.delays: list[tuple[float, float]] = []
        """Arrival and one-way delay in milliseconds of each stamped packet."""

    def take(self, arrived_ns: int, data: bytes) -> None:
        """Take a packet; what is stamped is not decoded."""
        arrived = arrived_ns / 1e9
        sent_ns = stamp_of(data)
        if sent_ns is not None:
            self.delays.append((arrived, (arrived_ns - sent_ns) / 1e6))
            if len(self.delays) == 1:
                self._changed.set()
            return
        packet = parse_rtp(data)
        if packet is None:
            return
        self._transits.append((arrived, arrived - packet.timestamp / CLOCK_RATE))
        if level_dbov(self._decoder.decode(packet.payload)) > AUDIBLE_DBOV:
            self._audible.append(arrived)
            self._changed.set()

    async def audible_after(self, when: float, within: float) -> float | None:
        """Give the arrival of the first audible frame after a time; None when none comes `within` seconds of it."""
        while True:
            found = self.first_audible(when, float("inf"))
            if found is not None:
                return found
            left = when + within - time.perf_counter()
            if left <= 0:
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def quiet_for(self, seconds: float) -> None:
        """Return when nothing was audible for so long; at once when that is so."""
        while await self.audible_after(self.last_audible(), seconds) is not None:
            pass

    async def stamped_heard(self) -> None:
        """Return when a stamped packet has come."""
        while not self.delays:
            self._changed.clear()
            await self._changed.wait()

    def last_audible(self) -> float:
        """Give the arrival of the last audible frame; before all times when there was none."""
        return self._audible[-1] if self._audible else _NEVER

    def first_audible(self, after: float, until: float) -> float | None:
        """Give the arrival of the first audible frame between two times."""
        return next((arrived for arrived in self._audible if after < arrived <= until), None)

    def last_audible_between(self, after: float, until: float) -> float | None:
        """Give the arrival of the last audible frame between two times."""
        return next((arrived for arrived in reversed(self._audible) if after < arrived <= until), None)

    def lateness_ms(self) -> list[tuple[float, float]]:
        """Give each frame's arrival, and how much later than the promptest of the call it came, by its timestamp."""
        if not self._transits:
            return []
        least = min(transit for _, transit in self._transits)
        return [(arrived, (transit - least) * 1000) for arrived, transit in self._transits]
