"""The figures of a step, by the bars that every call has to hold."""

from collections.abc import Callable, Mapping, Sequence

from cordboard.cli.bench.calls.samples import NO_ANSWER_MS, Quantity
from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.forward.forward_figures import MOST_DELAY_MS, MOST_TIMES_ECHO
from cordboard.cli.bench.setup.setup_figures import MOST_CLICK_TO_AUDIO_MS
from cordboard.cli.bench.spread import Spread, stages_of
from cordboard.cli.bench.voice.voice_figures import BARGE_IN_P95_MS, REPLY_P50_MS, REPLY_P95_MS

Spreads = Callable[[Quantity], Spread]
"""Gives the values that fell into the window."""


def _judged(
    name: str, spread: Spread, *bars: Bar, note: str = "", stages: Mapping[str, Spread] | None = None
) -> Figure:
    # What was not measured in a step cannot break it.
    return Figure(name, "ms", spread, bars if spread.values else (), stages or {}, note=note)


def ai_figures(of: Spreads, stages: Sequence[Mapping[str, float]]) -> list[Figure]:
    """Give the figures of callers who talk with the AI agent; `stages` are the agent's own, in ms, turn by turn."""
    return [
        _judged(
            "click to first audio",
            of("click"),
            Bar("p95", "<", MOST_CLICK_TO_AUDIO_MS),
            note="offer posted to the first audible frame",
        ),
        _judged(
            "end of speech to first audio of the reply",
            of("reply"),
            Bar("p50", "<", REPLY_P50_MS),
            Bar("p95", "<", REPLY_P95_MS),
            note=f"a turn without an answer counts as {NO_ANSWER_MS:g} ms",
            stages=stages_of(stages),
        ),
        _judged(
            "barge-in: onset to the last audible frame at the caller",
            of("barge_in"),
            Bar("p95", "<", BARGE_IN_P95_MS),
        ),
        _start(of),
        _judged(
            "speech of the agent, later than its promptest frame",
            of("late_speech"),
            note="by RTP timestamps",
        ),
    ]


def bridged_figures(of: Spreads) -> list[Figure]:
    """Give the figures of calls between two people."""
    forwarded, echo = of("forwarded"), of("echo")
    both = Spread((forwarded.p99 / echo.p99,)) if forwarded.values and echo.values else Spread()
    return [
        _judged("one-way delay of a forwarded packet", forwarded, Bar("p50", "<", MOST_DELAY_MS)),
        Figure(
            "p99 of that delay / p99 of a UDP echo",
            "ratio",
            both,
            (Bar("p50", "<=", MOST_TIMES_ECHO),) if both.values else (),
        ),
        _judged("UDP echo there and back", echo),
        _start(of),
        _judged("click to first audio", of("click"), note="of the calls that were added, while others ran"),
    ]


def _start(of: Spreads) -> Figure:
    return _judged(
        "offer to answer (StartCall through the HTTP door)",
        of("answer"),
        note="its bar is a ratio to a bare update-with-start: see `cordboard bench setup`",
    )
