"""The demo from curtain to curtain: start the stack, perform, print, stay up or go."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Any, Self

from cordboard.cli.demo.agent import AgentJob
from cordboard.cli.demo.caller import CallerJob
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.demo_call import Stage, agent_job, caller_job, place_call
from cordboard.cli.demo.narrator import Narrator, narrator_for, summary_table
from cordboard.cli.demo.script import Script
from cordboard.cli.output import console, print_json
from cordboard.cli.services_view import where
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.stack_state import ServiceState

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoRun:
    """One run of `cordboard demo`."""

    def __init__(self, home: Path, *, once: bool, json: bool, wrap_up: bool = True) -> None:
        self._home = home
        self._once = once
        self._json = json
        self._wrap_up = wrap_up

    async def run(self, script: Script) -> bool:
        """Perform the script; True when all of it worked. Cancelled by a signal before the end of the call."""
        with _Interrupt() as interrupt:
            narrator = narrator_for(sys.stderr if self._json else sys.stdout)
            try:
                narrator.step("the caller gets ready")
                async with contextlib.AsyncExitStack() as cast:
                    caller = await cast.enter_async_context(self._far_end("caller", caller_job(self._home, script)))
                    agent = None
                    if script.persona.wants_human:
                        agent = await cast.enter_async_context(self._far_end("agent", agent_job(self._home)))
                    return await self._perform(script, narrator, (caller, agent), interrupt)
            finally:
                narrator.close()

    def _far_end(self, name: str, job: CallerJob | AgentJob) -> contextlib.AbstractAsyncContextManager[CallerProcess]:
        return CallerProcess.start(job, self._home / "logs" / f"{name}.log", _ignore)

    async def _perform(
        self,
        script: Script,
        narrator: Narrator,
        far_ends: tuple[CallerProcess, CallerProcess | None],
        interrupt: "_Interrupt",
    ) -> bool:
        async with Stack(self._home, observe=lambda state: _show(narrator, state)) as stack:
            narrator.step(script.title)
            report = await place_call(Stage(stack, narrator), script, *far_ends, wrap_up=self._wrap_up)
            narrator.close()
            self._print(report)
            if not self._once:
                self._say_where(stack)
                await interrupt.wait()
        return bool(report["ok"])

    def _print(self, report: dict[str, Any]) -> None:
        if self._json:
            print_json(report)
        else:
            console.print()
            console.print(summary_table(report))

    def _say_where(self, stack: Stack) -> None:
        if self._json:
            return
        console.print()
        console.print(where(stack.state), soft_wrap=True)
        console.print("Everything stays up; Ctrl-C stops it.")


class _Interrupt:
    """What Ctrl-C does: it cancels what is being done, or ends the waiting when nothing is."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._waiting = False
        self._task = asyncio.current_task()

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    async def wait(self) -> None:
        """Wait for Ctrl-C."""
        self._waiting = True
        await self._asked.wait()

    def _ask(self) -> None:
        if not self._asked.is_set() and self._waiting:
            self._asked.set()
        elif self._task is not None:
            self._task.cancel()


def _show(narrator: Narrator, state: ServiceState) -> None:
    if state.health in ("ready", "restarting", "failed"):
        narrator.step(f"{state.name} {state.health}" + (f": {state.note}" if state.note else ""))


def _ignore(_: dict[str, Any]) -> None:
    """The story is told from the record, not from what the caller says about itself."""
