"""Spans of media time."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `started_us` to before `ended_us` in the call's media time."""

    started_us: int
    ended_us: int

    def overlap(self, other: "Span") -> int:
        """Microseconds that both have, 0 when none."""
        return max(0, min(self.ended_us, other.ended_us) - max(self.started_us, other.started_us))

    def padded(self, by_us: int) -> "Span":
        """The span with so much more on both sides; none begins before the call."""
        return Span(max(0, self.started_us - by_us), self.ended_us + by_us)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same times as spans that do not touch, in order; empty ones are left out."""
    joined: list[Span] = []
    for span in sorted(one for one in spans if one.ended_us > one.started_us):
        if joined and span.started_us <= joined[-1].ended_us:
            joined[-1] = Span(joined[-1].started_us, max(joined[-1].ended_us, span.ended_us))
        else:
            joined.append(span)
    return joined
