"""The ledger's rates as figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.spread import Spread

APPENDER_PART = 0.60
GRPC_PART = 0.30


@dataclass(frozen=True, slots=True)
class LedgerRound:
    """Events per second of one try: the same rows by COPY, by the appender alone, and through gRPC."""

    copy: float
    appender: float
    grpc: float


def ledger_figures(rounds: Sequence[LedgerRound]) -> list[Figure]:
    """Compare within each round, so that what the machine does otherwise slows both sides of a ratio."""
    copy, appender, grpc = (Spread.of(getattr(one, name) for one in rounds) for name in ("copy", "appender", "grpc"))
    stages = {name: _micros(rates) for name, rates in _named(copy, appender, grpc)}
    return [
        Figure(
            "appender alone / raw COPY",
            "ratio",
            Spread.of(one.appender / one.copy for one in rounds),
            (Bar("p50", ">=", APPENDER_PART),),
            stages,
            "microseconds per event",
            note="16 producers, shipments of 64 events; numbering, chaining and group commit included, sealing before",
        ),
        Figure(
            "through gRPC with sealing / raw COPY",
            "ratio",
            Spread.of(one.grpc / one.copy for one in rounds),
            (Bar("p50", ">=", GRPC_PART),),
            stages,
            "microseconds per event",
            note="4 producers, shipments of 64 events, to a ledger process that seals, numbers, chains and commits",
        ),
        Figure("raw COPY", "events/s", copy, note="the same rows in transactions of 256, one connection"),
        Figure("appender alone", "events/s", appender),
        Figure("through gRPC with sealing", "events/s", grpc),
    ]


def _named(copy: Spread, appender: Spread, grpc: Spread) -> list[tuple[str, Spread]]:
    return [("raw COPY", copy), ("appender alone", appender), ("through gRPC with sealing", grpc)]


def _micros(rates: Spread) -> Spread:
    return Spread.of(1e6 / rate for rate in rates.values)
