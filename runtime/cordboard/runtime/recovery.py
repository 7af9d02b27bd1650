"""How long something stood still because a process had died or was away, measured by whoever went on."""

import time
from collections.abc import Callable

from opentelemetry import metrics

from cordboard.runtime.buckets import SECONDS

CURSOR = "cursor"
"""The first fact that had waited reached its call: a worker died, and another one relays."""
LEDGER = "ledger"
"""A producer's events are taken again."""
SUBSCRIPTION = "subscription"
"""A reader of the log follows it again."""
VOICE_AGENT = "voice_agent"
"""A call whose voice agent was lost has one again."""

_RECOVERY = metrics.get_meter("cordboard.recovery").create_histogram(
    "cordboard.recovery",
    "s",
    "how long something stood still because a process had died or was away, by what stood",
    explicit_bucket_boundaries_advisory=SECONDS,
)


def recovered(kind: str, seconds: float) -> None:
    """Record that something goes on after so long."""
    _RECOVERY.record(max(0.0, seconds), {"kind": kind})


class Outage:
    """One thing that may stand still: told each time that it fails and each time that it works."""

    def __init__(self, kind: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take it to be working; `monotonic` gives seconds."""
        self._kind = kind
        self._monotonic = monotonic
        self._since: float | None = None

    def failed(self) -> None:
        """Note that it does not work; the first time counts."""
        if self._since is None:
            self._since = self._monotonic()

    def works(self) -> None:
        """Note that it works; after failures, record how long it did not."""
        since, self._since = self._since, None
        if since is not None:
            recovered(self._kind, self._monotonic() - since)
