"""Workflows of a platform team, the good and the bad."""

from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow

from cordboard.registry.v1 import script_contract_pb2 as contract
from cordboard.workflows.registered import CallOver, Script, ScriptInput, VerbRefused, input_of
from cordboard.workflows.script_contract import SIGNAL_VERB_REQUESTED


@workflow.defn(name="team.Intake")
class Intake(Script):
    """Does what the default script does, and says at the end what it was given and what the AI agent learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.learnt: list[str] = []

    @workflow.run
    async def run(self, start: ScriptInput) -> str:
        """Serve the caller."""
        if await self.call.consent():
            await self.call.record()
        talk = await self.call.talk()
        self.learnt = [input_of(start)["area"], self.call.slots.name, (await self.call.look()).tenant]
        if talk.wants_human:
            await self.call.enqueue("viewings", skills=["homes"], hand_over=talk.summary)
            await self.call.bridge()
        await self.call.hang_up("VIEWING_BOOKED")
        # Work of its own after the call.
        await workflow.sleep(0.05)
        return "|".join(self.learnt)


@workflow.defn(name="team.Careless")
class Careless(Script):
    """Asks for what it may not have, and for what nobody has."""

    @workflow.run
    async def run(self, start: ScriptInput) -> list[str]:
        """Collect the refusals."""
        refusals: list[str] = []
        await self.call.answer()
        for verb in (
            self.call.transfer("viewings"),
            self.call.record(),
            self.call.gather(),
            self.call.hang_up("not a reason"),
        ):
            try:
                await verb
            except VerbRefused as refused:
                refusals.append(refused.reason)
        await self.call.hang_up("DONE")
        return refusals


@workflow.defn(name="team.Broken")
class Broken(Script):
    """Breaks after the caller has answered the question about recording."""

    @workflow.run
    async def run(self, start: ScriptInput) -> None:
        """Break."""
        await self.call.consent()
        raise RuntimeError("Ann Poe broke it")


@workflow.defn(name="team.Silent")
class Silent(Script):
    """Says nothing until it is cancelled."""

    @workflow.run
    async def run(self, start: ScriptInput) -> None:
        """Wait."""
        await workflow.sleep(timedelta(hours=1))


@workflow.defn(name="team.Stutterer")
class Stutterer(Script):
    """Asks for the same verb again and again, and sends what is no request."""

    @workflow.run
    async def run(self, start: ScriptInput) -> list[str]:
        """Ask for a look three times under one id."""
        parent = workflow.get_external_workflow_handle(f"call/{start.call_id}")
        told: list[str] = []
        self.call.settle = lambda settled: told.append(settled.verb_id)  # type: ignore[method-assign]
        await parent.signal(SIGNAL_VERB_REQUESTED, "no request")
        await parent.signal("take_facts", contract.VerbRequested(verb_id="x"))
        for count in range(3):
            await parent.signal(
                SIGNAL_VERB_REQUESTED, contract.VerbRequested(verb_id="one", answer=contract.AnswerVerb())
            )
            await workflow.wait_condition(partial(_is_longer, told, count))
        await parent.signal(
            SIGNAL_VERB_REQUESTED,
            contract.VerbRequested(verb_id="two", hang_up=contract.HangUpVerb(reason="DONE")),
        )
        await workflow.wait_condition(lambda: "two" in told)
        return told


@workflow.defn(name="team.Patient")
class Patient(Script):
    """Talks, and notes whether the call ended under it."""

    @workflow.run
    async def run(self, start: ScriptInput) -> str:
        """Talk until the caller has gone."""
        await self.call.answer()
        try:
            await self.call.talk()
        except CallOver:
            return "over"
        return "talked"


@workflow.defn(name="team.Dropper")
class Dropper(Script):
    """Breaks while the caller waits for a human."""

    @workflow.run
    async def run(self, start: ScriptInput) -> None:
        """Put the caller into a queue and forget them."""
        await self.call.answer()
        await self.call.enqueue("viewings")
        raise RuntimeError("forgotten")


def _is_longer(told: list[str], count: int) -> bool:
    return len(told) > count


SCRIPTS: list[type[Any]] = [Intake, Careless, Broken, Silent, Stutterer, Patient, Dropper]
