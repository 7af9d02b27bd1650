"""Desks of agents who hand a caller on to one another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desk_story import MARIA, DeskStory
from event_client import EventClient, listening
from gateway_house import House

from cordboard.call.v1.decisions_pb2 import AgentMissed, CallQueued
from cordboard.call.v1.transfer_pb2 import ConsultBegun, TransferCompleted, TransferReturned, TransferStarted

BOB = "bob"


@asynccontextmanager
async def desk(house: House, agent_id: str) -> AsyncIterator[EventClient]:
    token = house.issuer.mint(role="agent", tenant="clinic", subject=agent_id, scopes=[])
    async with listening(house, "/v1/desk", token) as client:
        await client.hello()
        yield client


async def taken(house: House, story: DeskStory, client: EventClient) -> str:
    """A call that maria has taken."""
    call_id = await story.waiting_call()
    await story.ring(call_id)
    await client.event("AgentAlerted")
    await story.connect(call_id)
    await client.event("AgentConnected")
    return call_id


async def hand_on(story: DeskStory, call_id: str) -> None:
    """The engine looks for another agent, and rings bob."""
    started = TransferStarted(agent_id=MARIA, leg_id="leg-2", target_agent_id=BOB, consult=True)
    await story.decide(call_id, started, CallQueued(queue="front-desk"))
    await story.ring(call_id, epoch=7, agent_id=BOB)


async def test_the_first_desk_follows_the_call_until_the_second_has_it(house: House) -> None:
    story = DeskStory(house)
    async with desk(house, MARIA) as maria, desk(house, BOB) as bob:
        call_id = await taken(house, story, maria)
        before = house.control.changes
        assert (await maria.command("transfer", call_id=call_id, agent_id=BOB, consult=True))["ok"]
        await hand_on(story, call_id)
        await bob.event("AgentAlerted")
        await maria.event("AgentAlerted")
        await story.connect(call_id, epoch=7, agent_id=BOB, leg_id="leg-3")
        await story.decide(call_id, ConsultBegun(agent_id=BOB))
        await maria.event("ConsultBegun")
        await bob.event("ConsultBegun")
        assert (await bob.command("join_transfer", call_id=call_id))["ok"]
        assert (await maria.command("complete_transfer", call_id=call_id))["ok"]
        await story.decide(call_id, TransferCompleted(agent_id=BOB))
        await maria.event("TransferCompleted")
        await bob.event("TransferCompleted")
        assert (await maria.command("cancel_transfer", call_id=call_id))["reason"] == "CALL_NOT_FOUND"
        assert (await bob.command("hand_back", call_id=call_id))["ok"]
        assert house.control.changes == before + 4


async def test_the_first_desk_has_the_call_again_when_nobody_takes_it(house: House) -> None:
    story = DeskStory(house)
    async with desk(house, MARIA) as maria, desk(house, BOB) as bob:
        call_id = await taken(house, story, maria)
        await hand_on(story, call_id)
        await bob.event("AgentAlerted")
        back = TransferReturned(agent_id=MARIA, leg_id="leg-2", reason="DECLINED")
        await story.decide(call_id, AgentMissed(agent_id=BOB, reason="DECLINED"), back)
        await bob.event("AgentMissed")
        await maria.event("TransferReturned")
        assert (await bob.command("join_transfer", call_id=call_id))["reason"] == "CALL_NOT_FOUND"
        assert (await maria.command("transfer", call_id=call_id, queue="billing"))["ok"]


async def test_a_transfer_to_nobody_or_of_no_kind_is_refused(house: House) -> None:
    story = DeskStory(house)
    async with desk(house, MARIA) as maria:
        call_id = await taken(house, story, maria)
        assert (await maria.command("transfer", call_id=call_id))["reason"] == "TARGET_MISSING"
        refused = await maria.command("transfer", call_id=call_id, queue="q", consult="yes")
        assert refused["reason"] == "COMMAND_INVALID"
