"""`cordboard bench`: the figures that the engine holds itself to."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import typer
import uvloop

from cordboard.cli.bench.calls.kind import Kind
from cordboard.cli.bench.figure import Figure
from cordboard.cli.bench.machine import Machine
from cordboard.cli.bench.progress import Progress, shown_progress
from cordboard.cli.bench.report import Report
from cordboard.cli.options import DEFAULT_HOME, Home, Json
from cordboard.cli.output import console, print_json

T = TypeVar("T")
Tries = Annotated[int, typer.Option(min=1, max=10_000, help="How often each thing is measured.")]

bench = typer.Typer(
    name="bench",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help=(
        "Measure the figures that the engine holds itself to.\n\n"
        "Each bench starts what it needs in a folder of its own below the state directory, on empty data, and prints "
        "p50 and p95 of all tries, the bar, whether it is met, and what a missed figure is made of. Peers are measured "
        "in turn with the engine within one run, so a busy machine slows both. The exit code says whether it could be "
        "measured, not whether a bar was met: that is [bold]met[/] in [bold]--json[/]."
    ),
)


@bench.command()
def setup(tries: Tries = 50, home: Home = DEFAULT_HOME, json: Json = False) -> None:
    """Measure how fast a call is set up, with everything running.

    StartCall (durable, answered) takes turns with a bare update-with-start of one local activity on the same Temporal:
    at most 1.5 times that. A peer's way into a room on loopback: connected within 15 ms, first RTP within 35 ms. A
    caller's click to the first audio, microphone warm: p95 below 400 ms.
    """
    from cordboard.cli.bench.setup.setup_bench import measure
    from cordboard.cli.bench.setup.setup_figures import setup_figures

    _run("setup", json, tries, lambda progress: measure(home, tries, progress), setup_figures)


@bench.command()
def voice(tries: Tries = 50, home: Home = DEFAULT_HOME, json: Json = False) -> None:
    """Measure how promptly the agent answers, and falls silent when it is interrupted, with everything running.

    Callers with real speech hold whole conversations until there are enough turns. Wanted: from the end of the
    caller's speech to the first audio of the reply p50 below 700 and p95 below 1,000 ms, the engine's own share of it
    below 60 ms; premature and split turns are counted beside it. Then callers talk over the greeting: from the onset
    of their speech to silence at the node's egress p95 below 250 ms. 50 tries take about a quarter of an hour.
    """
    from cordboard.cli.bench.voice.voice_bench import measure
    from cordboard.cli.bench.voice.voice_figures import voice_figures

    _run("voice", json, tries, lambda progress: measure(home, tries, progress), voice_figures)


@bench.command()
def ledger(
    tries: Tries = 50,
    events: Annotated[int, typer.Option(min=64, help="Events that each side of a try writes.")] = 4096,
    home: Home = DEFAULT_HOME,
    json: Json = False,
) -> None:
    """Measure appends against the rate at which PostgreSQL takes the same rows by COPY.

    In each try the same events go by COPY, through the appender alone (at least 60 % of COPY's rate is wanted), and
    through a ledger process over gRPC, sealing included (at least 30 %). Starts PostgreSQL and a ledger.
    """
    from cordboard.cli.bench.ledger.ledger_bench import measure
    from cordboard.cli.bench.ledger.ledger_figures import ledger_figures

    _run("ledger", json, tries, lambda progress: measure(home, tries, events, progress), ledger_figures)


@bench.command()
def forward(
    tries: Tries = 50,
    seconds: Annotated[float, typer.Option(min=0.2, help="Seconds that each side of a try takes.")] = 2.0,
    rooms: Annotated[int, typer.Option(min=1, help="Rooms, each with one speaker.")] = 2,
    listeners: Annotated[int, typer.Option(min=1, help="Listeners per room.")] = 3,
    home: Home = DEFAULT_HOME,
    json: Json = False,
) -> None:
    """Measure the delay and the CPU time that a forwarded packet costs.

    Real Opus packets at the pace of speech go through a media node and, in turn, through aiortc's MediaRelay, each in
    a process of its own. Wanted: one-way delay p50 below 1 ms and p99 at most 3 times that of a UDP echo in the same
    windows; CPU time per packet at most an eighth of MediaRelay's. Starts a media node only.
    """
    from cordboard.cli.bench.forward.forward_bench import ForwardLoad, measure
    from cordboard.cli.bench.forward.forward_figures import forward_figures

    load = ForwardLoad(rooms, listeners, seconds)
    _run("forward", json, tries, lambda progress: measure(home, tries, load, progress), forward_figures)


@bench.command()
def calls(
    kind: Annotated[Kind, typer.Option(help="Callers with the AI agent, or two people who are bridged.")] = Kind.AI,
    most: Annotated[int, typer.Option("--max", min=1, help="The most calls at once.")] = 16,
    step: Annotated[int | None, typer.Option(min=1, help="So many more each time, not 1, 2, 3, 4, 6, 8, ...")] = None,
    hold: Annotated[float, typer.Option(min=1, help="Seconds that each number of calls is measured for.")] = 40,
    home: Home = DEFAULT_HOME,
    json: Json = False,
) -> None:
    """Hold more and more calls at once until a figure breaks.

    Callers with recorded speech go through a fixed script, call after call, and judge what comes by its timing alone.
    A figure is broken when it misses its bar with as many calls twice in a row: a caller's click to first audio,
    the reply, barge-in ([bold]ai[/]), or the delay of a forwarded packet ([bold]bridged[/], whose calls stay while
    others are added). Says how many calls hold, what broke first, what each process takes per call in CPU and memory,
    and whether that grows with the calls on a line. Servers, processes and callers share this machine. Starts
    everything; `--max 1 --hold 10` is the smallest load.
    """
    from cordboard.cli.bench.calls.calls_bench import Wanted, measure
    from cordboard.cli.bench.calls.calls_report import CallsReport

    machine = Machine.look()
    with shown_progress() as progress:
        run = uvloop.run(measure(home, Wanted(kind, most, step, hold), progress))
    report = CallsReport(run, machine.after())
    if json:
        print_json(report.to_json())
    else:
        report.show(console)


@bench.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0, help="How long; the last call is finished.")] = 10,
    home: Home = DEFAULT_HOME,
    json: Json = False,
) -> None:
    """Place demo calls on one stack, one after the other, and see what that does to it.

    Says how many calls were true to their script, how much memory each process had at the start, after the first call
    and in the end (children included), what was restarted, and whether the whole record verifies. Exits with 1 when
    a call failed or the record does not hold.
    """
    from cordboard.cli.bench.soak.soak_bench import measure

    machine = Machine.look()
    with shown_progress() as progress:
        run = asyncio.run(measure(home, minutes, progress))
    machine = machine.after()
    if json:
        print_json(run.to_json(machine))
    else:
        run.show(console, machine)
    raise typer.Exit(0 if run.ok else 1)


def _run(
    name: str,
    json: bool,
    tries: int,
    measure: Callable[[Progress], Coroutine[Any, Any, T]],
    figures: Callable[[T], Sequence[Figure]],
) -> None:
    """Measure, then report."""
    machine = Machine.look()
    with shown_progress() as progress:
        measured = uvloop.run(measure(progress))
    report = Report(name, machine.after(), tries, figures(measured))
    if json:
        print_json(report.to_json())
    else:
        report.show(console)
