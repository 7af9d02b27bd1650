"""The calls whose histories are kept: each goes another way through the workflow."""

import asyncio
from collections.abc import Awaitable, Callable

from bridge_steps import Agent, queued_call
from call_steps import (
    VOICE,
    ask_tool,
    attach,
    connect,
    consent,
    detach,
    end_talk,
    engaged_call,
    hang_up,
)
from team_house import pinned, scripted_call, team_worker
from temporal import House, PlacedCall, eventually
from transfer_steps import bridged_call, join, step, transfer

from cordboard.call.v1 import call_service_pb2 as service
from cordboard.call.v1 import call_workflow_pb2 as workflow_pb
from cordboard.call.v1.call_pb2 import PHASE_AGENT_CONNECTED, PHASE_AI_ENGAGED, PHASE_QUEUED, TALK_OUTCOME_WANTS_HUMAN
from cordboard.call.v1.facts_pb2 import ReplyHeard, SlotsFilled, UtteranceHeard
from cordboard.call.v1.transfer_pb2 import TRANSFER_STEP_COMPLETE, TRANSFER_STEP_CONFERENCE
from cordboard.workflows import names


async def booked(house: House) -> PlacedCall:
    """Served to the end."""
    call = await engaged_call(house)
    await consent(call)
    slots = SlotsFilled()
    slots.slots.name = "Ann Poe"
    await call.fact(slots, VOICE)
    await ask_tool(call)
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["ok"])
    await end_talk(call)
    await detach(call)
    return call


async def refused_recording(house: House) -> PlacedCall:
    """No consent, a tool that fails, a caller who hangs up."""
    call = await engaged_call(house)
    await consent(call, given=False)
    await ask_tool(call, name="clinic.full")
    await call.until(lambda view: [tool.outcome for tool in view.tool_calls] == ["failed"])
    await hang_up(call)
    return call


async def abandoned(house: House) -> PlacedCall:
    """The caller wants a human and leaves the queue."""
    call = await engaged_call(house)
    await consent(call)
    await end_talk(call, TALK_OUTCOME_WANTS_HUMAN)
    await detach(call)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await hang_up(call)
    return call


async def bridged(house: House) -> PlacedCall:
    """Declined by one human agent, taken by a second one whose connection breaks, and who comes back."""
    call = await queued_call(house)
    first, second = Agent(call, "ann"), Agent(call, "bob")
    await first.rung()
    await first.answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await second.take()
    hold = workflow_pb.HoldInput(actor="agent/bob", request=service.HoldLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_HOLD, hold, service.HoldLegResponse)
    await second.gone("CLIENT_CLOSED")
    await call.until(lambda view: any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    await second.join()
    await second.connected()
    await call.until(lambda view: not any(timer.timer_id == "agent_rejoin" for timer in view.timers))
    retrieve = workflow_pb.RetrieveInput(actor="agent/bob", request=service.RetrieveLegRequest(leg_id=call.leg_id))
    await call.update(names.UPDATE_RETRIEVE, retrieve, service.RetrieveLegResponse)
    await _leave(call, second)
    return call


async def queued_anew(house: House) -> PlacedCall:
    """Taken by a human agent who is lost for good, which takes its time to record, and served by a second."""
    call = await queued_call(house)
    first, second = Agent(call, "ann"), Agent(call, "bob")
    await first.take()
    await first.gone("SILENT")
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await second.take()
    await _leave(call, second)
    return call


async def _leave(call: PlacedCall, agent: Agent) -> None:
    request = service.RemoveLegRequest(leg_id=agent.leg_id, reason="AGENT_HUNG_UP")
    remove = workflow_pb.RemoveLegInput(actor=f"agent/{agent.name}", request=request)
    await call.update(names.UPDATE_REMOVE_LEG, remove, service.RemoveLegResponse)
    await agent.gone("AGENT_HUNG_UP")


async def taken_over(house: House) -> PlacedCall:
    """The voice agent dies and is replaced."""
    call = await engaged_call(house)
    await consent(call)
    await call.fact(ReplyHeard(play_id="p", text="Hello."), VOICE)
    await call.fact(UtteranceHeard(turn_id="1", text="Hello."), VOICE)
    house.agents.lose("v1:1")
    await detach(call, "LOST")
    await eventually(lambda: len(house.agents.engaged) == 2)
    await attach(call)
    await end_talk(call)
    await detach(call)
    return call


async def without_ledger(house: House) -> PlacedCall:
    """Ended by an app while the ledger is away."""
    call = await engaged_call(house)
    house.ledger.away = True
    request = service.EndCallRequest(call_id=call.call_id, reason="OPERATOR")
    argument = workflow_pb.EndCallInput(actor="app/a", request=request)
    asking = asyncio.create_task(call.update(names.UPDATE_END_CALL, argument, service.EndCallResponse))
    await eventually(lambda: not call.room.open)
    house.ledger.away = False
    await asking
    return call


async def lost_media(house: House) -> PlacedCall:
    """The media node dies."""
    call = await engaged_call(house)
    await call.handle.signal(names.SIGNAL_LOSE_NODE, workflow_pb.NodeLost(node_id="m1", boot_id="b1"))
    return call


async def cancelled(house: House) -> PlacedCall:
    """Cancelled by an operator before the voice agent came."""
    call, _ = await house.start()
    await connect(call)
    await call.handle.cancel()
    return call


async def registered(house: House) -> PlacedCall:
    """Served by a team's own workflow."""
    async with team_worker(house):
        call = await scripted_call(house, pinned("team.Intake"))
        await consent(call)
        await end_talk(call)
        await detach(call)
        await call.handle.result()
    return call


async def fallen_back(house: House) -> PlacedCall:
    """Served by the default script after a team's own workflow broke."""
    async with team_worker(house):
        call = await scripted_call(house, pinned("team.Broken"))
        await consent(call, given=False)
        await call.until(lambda view: view.script_reason == "SCRIPT_FAILED")
        await end_talk(call)
        await detach(call)
        await call.handle.result()
    return call


async def transferred(house: House) -> PlacedCall:
    """Taken by a human agent, who consults another, has all three talk, and leaves; then given back to the AI agent."""
    call, first = await bridged_call(house)
    await transfer(call, queue="billing", consult=True)
    second = Agent(call, "bob")
    await join(second)
    await step(call, TRANSFER_STEP_CONFERENCE)
    await step(call, TRANSFER_STEP_COMPLETE)
    await first.gone("OFFER_OVER")
    back = workflow_pb.TransferInput(actor="agent/bob", request=service.TransferCallRequest(to_ai_agent=True))
    await call.update(names.UPDATE_TRANSFER, back, service.TransferCallResponse)
    await call.until(lambda view: view.phase == PHASE_AI_ENGAGED)
    await attach(call)
    await end_talk(call)
    await detach(call)
    return call


async def returned(house: House) -> PlacedCall:
    """Handed on to a human agent who declines; then the caller hangs up while another transfer rings."""
    call, _ = await bridged_call(house)
    await transfer(call, agent_id="bob")
    second = Agent(call, "bob")
    await second.rung()
    await second.answer(accepted=False)
    await call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)
    await transfer(call, queue="billing")
    await Agent(call, "cid").rung()
    await hang_up(call)
    return call


RECORDED: dict[str, Callable[[House], Awaitable[PlacedCall]]] = {
    scenario.__name__: scenario
    for scenario in (
        booked,
        refused_recording,
        abandoned,
        bridged,
        queued_anew,
        taken_over,
        without_ledger,
        lost_media,
        cancelled,
        registered,
        fallen_back,
        transferred,
        returned,
    )
}
