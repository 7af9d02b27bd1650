"""What the agency wants done with a call: its own workflow, on its own queue."""

from temporalio import workflow

from cordboard.workflows.registered import BridgeOutcome, Call, Script, ScriptInput, TalkResult, input_of

SALES = "sales"
RENTALS = "rentals"


@workflow.defn(name="real_estate.Viewing")
class Viewing(Script):
    """Lets the AI agent arrange a viewing; who wants a person reaches the desk that sells, or the one that lets."""

    @workflow.run
    async def run(self, start: ScriptInput) -> None:
        """Carry the call."""
        wish = input_of(start)
        if await self.call.consent():
            await self.call.record()
        talk = await self.call.talk()
        if talk.wants_human:
            await _to_desk(self.call, talk, RENTALS if wish.get("deal") == "rent" else SALES)
        else:
            await self.call.hang_up("VIEWING_BOOKED" if talk.done else "NO_VIEWING")


async def _to_desk(call: Call, talk: TalkResult, desk: str) -> None:
    area = call.slots.extra.get("area", "")
    await call.enqueue(desk, skills=["homes"], hand_over=f"{talk.summary} Area: {area or 'not said'}.")
    bridged = await call.bridge()
    if bridged.outcome == BridgeOutcome.NOBODY:
        promised = await call.promise_callback()
        line = "We call you back tomorrow." if promised else "Please call again tomorrow."
        await call.announce(["Everybody is showing a home just now.", line, "Goodbye."])
        await call.hang_up("NO_HUMAN")
    else:
        await call.hang_up("AGENT_HUNG_UP")
