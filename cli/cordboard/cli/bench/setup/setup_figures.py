"""How fast a call is set up, as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.spread import Spread, stages_of

MOST_TIMES_BARE = 1.5
MOST_TO_CONNECTED_MS = 15.0
MOST_TO_FIRST_RTP_MS = 35.0
MOST_CLICK_TO_AUDIO_MS = 400.0


@dataclass(frozen=True, slots=True)
class StartTry:
    """One StartCall and one bare update-with-start right beside it, in milliseconds."""

    start_call_ms: float
    bare_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectTry:
    """One peer on its way into a room; None for what did not come."""

    prompt: bool
    connected_ms: float | None
    first_rtp_ms: float | None
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClickTry:
    """One caller from the click to the first word of the greeting; None when nothing was heard."""

    first_audio_ms: float | None
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class SetupRun:
    """All tries."""

    starts: list[StartTry] = field(default_factory=list)
    connects: list[ConnectTry] = field(default_factory=list)
    clicks: list[ClickTry] = field(default_factory=list)


def setup_figures(run: SetupRun) -> list[Figure]:
    """Give every figure of set-up."""
    return [*_start_figures(run.starts), *_connect_figures(run.connects), _click_figure(run.clicks)]


def _start_figures(starts: Sequence[StartTry]) -> list[Figure]:
    return [
        Figure(
            "StartCall / bare update-with-start",
            "ratio",
            Spread.of(one.start_call_ms / one.bare_ms for one in starts),
            (Bar("p50", "<=", MOST_TIMES_BARE),),
            {
                "bare update-with-start, one local activity": Spread.of(one.bare_ms for one in starts),
                "StartCall": Spread.of(one.start_call_ms for one in starts),
                **stages_of([one.stages_ms for one in starts]),
            },
            "ms",
            note="both durable and answered, in turn, on the same Temporal; StartCall carries an SDP offer",
        ),
        Figure("StartCall", "ms", Spread.of(one.start_call_ms for one in starts)),
        Figure("bare update-with-start", "ms", Spread.of(one.bare_ms for one in starts)),
    ]


def _connect_figures(connects: Sequence[ConnectTry]) -> list[Figure]:
    figures = []
    for prompt in (True, False):
        tries = [one for one in connects if one.prompt is prompt]
        stages = stages_of([one.stages_ms for one in tries])
        whose = "" if prompt else ", stock peer"
        note = (
            "aiortc peer whose ICE looks at once whether it is connected, as the node's does"
            if prompt
            else "the peer's own ICE looks every 20 ms: that wait is the peer's, not the node's"
        )
        connected = Spread.of(one.connected_ms for one in tries if one.connected_ms is not None)
        first = Spread.of(one.first_rtp_ms for one in tries if one.first_rtp_ms is not None)
        bars = (MOST_TO_CONNECTED_MS, MOST_TO_FIRST_RTP_MS)
        limits = [(Bar("p50", "<=", limit),) if prompt else () for limit in bars]
        figures += [
            Figure(f"offer to connected{whose}", "ms", connected, limits[0], stages, note=note),
            Figure(f"offer to first RTP{whose}", "ms", first, limits[1], stages),
        ]
    return figures


def _click_figure(clicks: Sequence[ClickTry]) -> Figure:
    heard = Spread.of(one.first_audio_ms for one in clicks if one.first_audio_ms is not None)
    return Figure(
        "click to first audio, warm",
        "ms",
        heard,
        (Bar("p95", "<", MOST_CLICK_TO_AUDIO_MS),),
        stages_of([one.stages_ms for one in clicks]),
        counts={"calls in which nothing was heard": len(clicks) - len(heard)},
        note="from making the offer for POST /v1/legs to the first decoded frame above -50 dBov at the caller",
    )
