from cordboard.cli.bench.setup.setup_figures import ClickTry, ConnectTry, SetupRun, StartTry, setup_figures


def figures(run: SetupRun) -> dict[str, tuple[float | None, bool | None]]:
    shown = setup_figures(run)
    return {figure.name: (figure.spread.p50 if len(figure.spread) else None, figure.met) for figure in shown}


def test_a_start_is_compared_with_the_bare_one_beside_it() -> None:
    run = SetupRun(starts=[StartTry(30, 20), StartTry(300, 250), StartTry(40, 20)])
    assert figures(run)["StartCall / bare update-with-start"] == (1.5, True)


def test_a_slow_start_is_shown_by_stage() -> None:
    run = SetupRun(starts=[StartTry(60, 20, {"node": 10.0, "answer": 50.0})])
    ratio = setup_figures(run)[0]
    assert ratio.met is False
    assert {name: spread.p50 for name, spread in ratio.stages.items()} == {
        "bare update-with-start, one local activity": 20,
        "StartCall": 60,
        "node": 10,
        "answer": 50,
    }


def test_the_bar_of_connecting_is_for_the_peer_that_looks_at_once_and_the_stock_one_stands_beside_it() -> None:
    run = SetupRun(connects=[ConnectTry(True, 9.0, 16.0), ConnectTry(False, 28.0, 36.0)])
    shown = figures(run)
    assert shown["offer to connected"] == (9.0, True)
    assert shown["offer to first RTP"] == (16.0, True)
    assert shown["offer to connected, stock peer"] == (28.0, None)
    assert shown["offer to first RTP, stock peer"] == (36.0, None)


def test_a_peer_that_never_connects_is_no_fast_one() -> None:
    assert figures(SetupRun(connects=[ConnectTry(True, None, None)]))["offer to connected"] == (None, False)


def test_a_caller_who_hears_nothing_is_counted() -> None:
    click = setup_figures(SetupRun(clicks=[ClickTry(300.0), ClickTry(None)]))[-1]
    assert (click.spread.values, click.counts) == ((300.0,), {"calls in which nothing was heard": 1})
