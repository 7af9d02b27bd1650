"""Calls with scripts of their own, one for each verb that is tested by itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from cordboard.call.v1.call_workflow_pb2 import CallInput, CallResult
from cordboard.workflows import names
from cordboard.workflows.call_workflow import CallWorkflow
from cordboard.workflows.verbs import Call

Script = Callable[[Call], Awaitable[None]]


async def gather(call: Call) -> None:
    """Ask for four digits, and end with what came."""
    await call.answer()
    await call.consent()
    given = await call.gather(digits=4, prompt=["Please enter your number."], timeout=timedelta(seconds=30))
    await call.hang_up(f"GATHERED_{given.reason}_{len(given.digits)}")


async def gather_sound(call: Call) -> None:
    """Play a sound, and end with what came."""
    await call.answer()
    given = await call.gather(sound="ring_back", terminators="*#")
    await call.hang_up(f"GATHERED_{given.reason}_{len(given.digits)}")


async def gather_nonsense(call: Call) -> None:
    """Ask for what no keypad has."""
    await call.answer()
    await call.gather(terminators="x")


async def voicemail(call: Call) -> None:
    """Take a message, from a caller who was asked nothing before."""
    await call.answer()
    outcome = await call.voicemail(prompt=["Leave a message."], refused=["No message then."])
    await call.hang_up(f"VOICEMAIL_{outcome}")


async def outbound(call: Call) -> None:
    """Greet whoever answers."""
    await call.answer()
    await call.announce(["It is us."])
    await call.hang_up("TOLD")


async def callback(call: Call) -> None:
    """Promise a callback to whoever calls, and end."""
    await call.answer()
    await call.callback("front-desk", number="5550198302", skills=["clinical"], hand_over="A swollen ankle.")
    await call.hang_up("PROMISED")


async def callback_without_number(call: Call) -> None:
    """Promise a callback to a caller of whom no number is known."""
    await call.answer()
    await call.hang_up("PROMISED" if await call.promise_callback() else "NO_NUMBER")


SCRIPTS: dict[str, Script] = {
    script.__name__: script
    for script in (
        gather,
        gather_sound,
        gather_nonsense,
        voicemail,
        outbound,
        callback,
        callback_without_number,
    )
}


@workflow.defn(name=names.CALL_WORKFLOW)
class VerbCallWorkflow(CallWorkflow):
    """Runs the script that the call names as its workflow."""

    @workflow.init
    def __init__(self, call: CallInput) -> None:
        super().__init__(call)
        self._conductor.script = SCRIPTS.get(call.workflow, self._conductor.script)

    @workflow.run
    async def run(self, call: CallInput) -> CallResult:
        """Carry the call."""
        return await super().run(call)
