from cordboard.cli.bench.ledger.ledger_figures import LedgerRound, ledger_figures


def test_rates_are_compared_within_a_round() -> None:
    slow, fast = LedgerRound(copy=1_000, appender=700, grpc=290), LedgerRound(copy=50_000, appender=30_000, grpc=14_000)
    appender, grpc, *beside = ledger_figures([slow, fast])
    assert appender.spread.values == (0.6, 0.7)
    assert grpc.spread.values == (0.28, 0.29)
    assert (appender.met, grpc.met) == (True, False)
    assert [figure.met for figure in beside] == [None, None, None]
    assert [figure.name for figure in beside] == ["raw COPY", "appender alone", "through gRPC with sealing"]


def test_a_missed_ratio_says_what_an_event_costs_on_either_side() -> None:
    _, grpc, *_ = ledger_figures([LedgerRound(copy=50_000, appender=20_000, grpc=10_000)])
    assert grpc.stage_unit == "microseconds per event"
    assert {name: spread.p50 for name, spread in grpc.stages.items()} == {
        "raw COPY": 20,
        "appender alone": 50,
        "through gRPC with sealing": 100,
    }
