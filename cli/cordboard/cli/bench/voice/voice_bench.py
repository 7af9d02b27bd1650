"""Measures conversations: real callers, real speech, everything running."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.bench.progress import Progress
from cordboard.cli.bench.tokens import BenchTokens
from cordboard.cli.bench.voice.barge_in_bench import BargeInBench
from cordboard.cli.bench.voice.heard_ends import heard_ends
from cordboard.cli.bench.voice.voice_figures import Turn, VoiceRun, turns_of
from cordboard.cli.bench.workshop import workshop
from cordboard.cli.demo.caller import CallerJob, Door
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.script import Script, load_script, shipped_scripts
from cordboard.cli.demo.watch import CallWatch
from cordboard.cli.doors import ledger_door
from cordboard.cli.supervision.stack import Stack
from cordboard.core.errors import CordboardError
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.ledger_client import call_stream

_MOST_FAILURES = 3
_CALL_ENDS_WITHIN_S = 60.0
_SPEECH = "speech"


async def measure(home: Path, tries: int, progress: Progress) -> VoiceRun:
    """Hold whole conversations until there are `tries` turns, then interrupt the agent `tries` times."""
    run = VoiceRun()
    scripts = [script for script in map(load_script, shipped_scripts()) if not script.persona.wants_human]
    async with workshop(home, progress) as stack:
        progress.step("turns of whole conversations", tries)
        while len(run.turns) < tries and run.failed < _MOST_FAILURES:
            script = scripts[run.calls % len(scripts)]
            run.calls += 1
            try:
                run.turns += await _converse(stack, home, script)
            except CordboardError as error:
                run.failed += 1
                sys.stderr.write(f"a call failed: {error}\n")
            progress.done(min(len(run.turns), tries))
        progress.step("interruptions", tries)
        barging = await BargeInBench.prepare(stack)
        failures = 0
        while len(run.barge_ins) < tries and failures < _MOST_FAILURES:
            try:
                run.barge_ins.append(await barging.measure(len(run.barge_ins)))
            except CordboardError as error:
                failures += 1
                sys.stderr.write(f"an interruption failed: {error}\n")
            progress.done(len(run.barge_ins))
    return run


async def _converse(stack: Stack, home: Path, script: Script) -> list[Turn]:
    """Hold one conversation as the demo's caller does, and join what both sides measured."""
    tokens = BenchTokens(stack)
    speech, out = home.absolute() / _SPEECH, stack.directory.root / "last-call"
    job = CallerJob(script.source, str(speech), str(out), hear_again=False)
    async with CallerProcess.start(job, stack.directory.logs / "caller.log", _ignore) as caller:
        await caller.ready()
        call_id = await caller.call(Door(stack.gateway_http, tokens.caller()))
        async with open_user_channel(stack.gateway_grpc, tokens.app()) as channel:
            watch = CallWatch(CallServiceStub(channel), call_id, lambda _at, _beat, _story: None)
            watching = asyncio.ensure_future(watch.until_over())
            try:
                report = await caller.report()
                await asyncio.wait({watching}, timeout=_CALL_ENDS_WITHIN_S)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            story = await watch.late_facts()
    async with ledger_door(stack.directory.root, stack.address("ledger")) as ledger:
        log = [envelope async for envelope in ledger.read(call_stream(call_id))]
    return turns_of(report, story.measured, heard_ends(log))


def _ignore(_: dict[str, Any]) -> None:
    """What the caller says while it calls stands in its report as well."""
