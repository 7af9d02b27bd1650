"""What forwarding costs, as figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.spread import Spread

MOST_DELAY_MS = 1.0
MOST_TIMES_ECHO = 3.0
MOST_PART_OF_RELAY = 1 / 8


@dataclass(frozen=True, slots=True)
class Window:
    """What one system did in one window of time."""

    cpu_ns: int
    forwarded: int
    expected: int
    delays_ms: Sequence[float] = ()
    echoes_ms: Sequence[float] = ()

    @property
    def cpu_us(self) -> float:
        """CPU time of the system's process per packet that came out of it, in microseconds."""
        return self.cpu_ns / 1000 / max(1, self.forwarded)


@dataclass(frozen=True, slots=True)
class ForwardTry:
    """The node and MediaRelay, one after the other with the same packets."""

    node: Window
    relay: Window


@dataclass(slots=True)
class ForwardRun:
    """All tries, and how many packets a second went in and out."""

    packets_in: int
    packets_out: int
    tries: list[ForwardTry] = field(default_factory=list)


def forward_figures(run: ForwardRun) -> list[Figure]:
    """Compare CPU within each try, and delays over all of them."""
    delays = Spread.of(delay for one in run.tries for delay in one.node.delays_ms)
    echoes = Spread.of(echo for one in run.tries for echo in one.node.echoes_ms)
    added = Spread.of(
        Spread.of(one.node.delays_ms).p50 - Spread.of(one.node.echoes_ms).p50
        for one in run.tries
        if one.node.delays_ms and one.node.echoes_ms
    )
    per_packet = {
        "media node": Spread.of(one.node.cpu_us for one in run.tries),
        "MediaRelay": Spread.of(one.relay.cpu_us for one in run.tries),
    }
    times = Spread.of([delays.p99 / echoes.p99] if delays.values and echoes.values else [])
    beside = {"media node": delays, "UDP echo": echoes}
    load = f"{run.packets_in} packets/s in, {run.packets_out} out"
    return [
        Figure(
            "one-way delay of a forwarded packet",
            "ms",
            delays,
            (Bar("p50", "<", MOST_DELAY_MS),),
            {**beside, "forwarded less echo (p50 of each try)": added},
            counts=_lost([one.node for one in run.tries]),
            note=f"all of it, from the generator's send to its receive, SRTP at both ends included; {load}",
        ),
        Figure(
            "p99 of that delay / p99 of a UDP echo",
            "ratio",
            times,
            (Bar("p50", "<=", MOST_TIMES_ECHO),),
            beside,
            "ms",
            note="the echo goes through another process and back, between the media packets of the same windows",
        ),
        Figure(
            "CPU per forwarded packet / MediaRelay's",
            "ratio",
            Spread.of(one.node.cpu_us / one.relay.cpu_us for one in run.tries if one.relay.cpu_ns),
            (Bar("p50", "<=", MOST_PART_OF_RELAY),),
            per_packet,
            "microseconds of CPU per packet out",
            note="all threads of each process, by the kernel's scheduler statistics; same packets, same listeners",
        ),
        Figure("CPU per forwarded packet", "us", per_packet["media node"]),
        Figure("CPU per packet of MediaRelay", "us", per_packet["MediaRelay"]),
        Figure("UDP echo there and back", "ms", echoes),
    ]


def _lost(windows: Sequence[Window]) -> dict[str, int]:
    expected = sum(window.expected for window in windows)
    delivered = sum(len(window.delays_ms) for window in windows)
    return {"packets delivered": delivered, "lost": expected - delivered}
