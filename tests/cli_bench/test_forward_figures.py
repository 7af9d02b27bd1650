from cordboard.cli.bench.forward.forward_figures import ForwardRun, ForwardTry, Window, forward_figures

RELAY = Window(cpu_ns=120_000_000, forwarded=100, expected=120)


def run(*nodes: Window) -> ForwardRun:
    return ForwardRun(100, 300, [ForwardTry(node, RELAY) for node in nodes])


def node(cpu_ns: int = 12_000_000, delay: float = 0.4, echo: float = 0.1) -> Window:
    return Window(cpu_ns, forwarded=100, expected=102, delays_ms=[delay] * 100, echoes_ms=[echo] * 50)


def test_cpu_is_compared_per_packet_that_came_out() -> None:
    cpu = forward_figures(run(node()))[2]
    assert cpu.spread.values == (0.1,)
    assert {name: spread.p50 for name, spread in cpu.stages.items()} == {"media node": 120, "MediaRelay": 1200}
    assert cpu.met is True
    assert forward_figures(run(node(cpu_ns=16_000_000)))[2].met is False


def test_delays_of_all_tries_count_together() -> None:
    delay, *_ = forward_figures(run(node(delay=0.4), node(delay=0.6), node(delay=5.0)))
    assert (len(delay.spread), delay.spread.p50, delay.met) == (300, 0.6, True)
    assert delay.counts == {"packets delivered": 300, "lost": 6}


def test_the_tail_is_held_against_an_echos_tail() -> None:
    tail = forward_figures(run(node(delay=0.4, echo=0.1)))[1]
    assert tail.spread.values == (4.0,)
    assert tail.met is False
    assert forward_figures(run(node(delay=0.3, echo=0.15)))[1].met is True


def test_nothing_forwarded_is_missed_and_not_an_error() -> None:
    silent = Window(cpu_ns=1_000, forwarded=0, expected=100)
    figures = forward_figures(run(silent))
    assert [figure.met for figure in figures[:2]] == [False, False]
    assert figures[0].counts == {"packets delivered": 0, "lost": 100}
