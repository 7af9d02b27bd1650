"""Measures how fast calls are set up, with everything running."""

from pathlib import Path

from cordboard.cli.bench.peer_process import PeerProcess
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.setup.click_bench import ClickBench
from cordboard.cli.bench.setup.connect_bench import ConnectBench
from cordboard.cli.bench.setup.setup_figures import SetupRun
from cordboard.cli.bench.setup.start_call_bench import StartCallBench
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE

_WARM_UP = 2


async def measure(home: Path, tries: int, progress: Progress) -> SetupRun:
    """Measure each of the three; the first tries warm everything up and do not count."""
    run = SetupRun()
    async with (
        PeerProcess.start("cordboard.cli.bench.setup.bare_worker") as bare,
        workshop(home, progress) as stack,
        StartCallBench.open(stack) as starting,
    ):
        await bare.ask(temporal=stack.address("temporal"), namespace=NAMESPACE)
        progress.step("StartCall and bare update-with-start in turn", tries)
        for number in range(1 - _WARM_UP, tries + 1):
            start = await starting.measure(number)
            if number > 0:
                run.starts.append(start)
                progress.done(number)
        await _connect(stack, run, tries, progress)
        await _click(stack, run, starting, tries, progress)
    return run


async def _connect(stack: Stack, run: SetupRun, tries: int, progress: Progress) -> None:
    progress.step("offer to connected and first RTP", tries)
    async with ConnectBench.open(stack) as connecting:
        for number in range(1 - _WARM_UP, tries + 1):
            pair = [await connecting.measure(number, prompt=prompt) for prompt in (True, False)]
            if number > 0:
                run.connects += pair
                progress.done(number)


async def _click(stack: Stack, run: SetupRun, starting: StartCallBench, tries: int, progress: Progress) -> None:
    progress.step("click to first audio", tries)
    clicking = ClickBench(stack.gateway_http, BenchTokens(stack), starting.over)
    for number in range(1 - _WARM_UP, tries + 1):
        click = await clicking.measure()
        if number > 0:
            run.clicks.append(click)
            progress.done(number)
