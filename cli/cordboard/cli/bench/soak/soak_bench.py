"""Places demo calls on one stack, one after the other, and watches what that does to its processes."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cordboard.cli.bench.process_meter import resident_kib
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.soak.soak_report import SoakRun
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.demo.agent import AgentJob
from cordboard.cli.demo.caller import CallerJob
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.demo_call import Stage, agent_job, caller_job, place_call
from cordboard.cli.demo.narrator import PlainNarrator
from cordboard.cli.demo.script import Script, load_script, shipped_scripts
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.core.errors import CordboardError


async def measure(home: Path, minutes: float, progress: Progress) -> SoakRun:
    """Place calls for so many minutes; the last one is finished. Their stories go to logs/soak.log."""
    run = SoakRun()
    scripts = [load_script(path) for path in shipped_scripts()]
    async with workshop(home, progress) as stack:
        run.memory_start = _memory(stack)
        began = time.monotonic()
        progress.step("calls", round(minutes * 60))
        with (stack.directory.logs / "soak.log").open("a", encoding="utf-8") as story:
            stage = Stage(stack, PlainNarrator(story))
            while not run.memory_warm or time.monotonic() - began < minutes * 60:
                script = scripts[(run.calls_ok + len(run.failures)) % len(scripts)]
                await _call(stage, script, home, run)
                run.memory_warm = run.memory_warm or _memory(stack)
                progress.done(min(round(time.monotonic() - began), round(minutes * 60)))
        run.minutes = (time.monotonic() - began) / 60
        run.memory_end = _memory(stack)
        run.restarts = {state.name: state.restarts for state in stack.state.services.values()}
        progress.step("verifying the record")
        await _verify(stack, run)
    return run


async def _call(stage: Stage, script: Script, home: Path, run: SoakRun) -> None:
    try:
        async with contextlib.AsyncExitStack() as cast:
            caller = await cast.enter_async_context(_far_end("caller", caller_job(stage.home, script), stage, home))
            agent = None
            if script.persona.wants_human:
                agent = await cast.enter_async_context(_far_end("agent", agent_job(stage.home), stage, home))
            report = await place_call(stage, script, caller, agent, wrap_up=False)
    except CordboardError as error:
        run.failures.append(f"{script.title}: {error}")
        return
    if report["ok"]:
        run.calls_ok += 1
    else:
        run.failures.append(f"{script.title}: {'; '.join(report['faults'])}")


def _far_end(
    name: str, job: CallerJob | AgentJob, stage: Stage, home: Path
) -> contextlib.AbstractAsyncContextManager[CallerProcess]:
    # Rendered lines outlive the bench's own folder.
    told = replace(job, speech=str(home.absolute() / "speech"))
    return CallerProcess.start(told, stage.stack.directory.logs / f"{name}.log", _ignore)


async def _verify(stack: Stack, run: SoakRun) -> None:
    async with ledger_door(stack.directory.root, stack.address("ledger")) as ledger:
        async for seen in ledger.verify(None):
            run.ledger_events = seen.events
            run.ledger_faults += len(seen.faults)


def _memory(stack: Stack) -> dict[str, int]:
    return {name: resident_kib(pid) for name, pid in stack.pids().items()}


def _ignore(_: dict[str, Any]) -> None:
    """The story is told from the record."""
