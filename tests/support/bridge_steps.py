"""What routing, a human agent and their desk do to a call, step by step."""

import uuid
from dataclasses import dataclass

from call_steps import VOICE, consent, detach, engaged_call
from temporal import OFFER, House, PlacedCall, eventually
from temporalio.client import WorkflowUpdateFailedError

from cordboard.call.v1.call_pb2 import (
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_QUEUED,
    TALK_OUTCOME_WANTS_HUMAN,
    URGENCY_SOON,
)
from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import AddLegInput, AgentReservation, AgentWithdrawal
from cordboard.call.v1.facts_pb2 import AgentAnsweredOffer, ConversationEnded, LegStateChanged
from cordboard.core.errors import CordboardError
from cordboard.media.v1.leg_pb2 import LEG_ROLE_HUMAN_AGENT, LEG_STATE_CONNECTED, LEG_STATE_ENDED
from cordboard.workflows import names, routing_stubs
from cordboard.workflows.failures import from_failure

DESK = "gateway/g1/b1"
SUMMARY = "Ann Poe, a swollen ankle."


@dataclass
class Agent:
    """A human agent, and a reservation of theirs."""

    call: PlacedCall
    name: str = "ann"
    epoch: int = 1
    leg_id: str = ""

    async def reserved(self) -> None:
        """Routing has set the agent aside."""
        message = AgentReservation(agent_id=self.name, reservation_epoch=self.epoch)
        await self.call.handle.signal(routing_stubs.SIGNAL_AGENT_RESERVED, message)

    async def withdrawn(self, reason: str) -> None:
        """Routing has ended the reservation."""
        message = AgentWithdrawal(agent_id=self.name, reservation_epoch=self.epoch, reason=reason)
        await self.call.handle.signal(routing_stubs.SIGNAL_AGENT_WITHDRAWN, message)

    async def rung(self) -> None:
        """The agent is set aside, and being rung."""
        await self.reserved()
        await self.call.until(lambda view: view.phase == PHASE_AGENT_ALERTING)

    async def answer(self, accepted: bool = True) -> None:
        """The desk has answered the offer."""
        reason = "" if accepted else "DECLINED"
        fact = AgentAnsweredOffer(agent_id=self.name, reservation_epoch=self.epoch, accepted=accepted, reason=reason)
        await self.call.fact(fact, DESK)

    async def join(self, replaces: str = "") -> AddLegResponse:
        """The agent's browser has posted an offer. Raises what it was refused with."""
        request = AddLegRequest(sdp_offer=OFFER, role=LEG_ROLE_HUMAN_AGENT, replaces_leg_id=replaces)
        argument = AddLegInput(actor=f"agent/{self.name}", request=request, party_id=self.name)
        try:
            answer: AddLegResponse = await self.call.handle.execute_update(
                names.UPDATE_ADD_LEG, argument, id=str(uuid.uuid4()), result_type=AddLegResponse
            )
        except WorkflowUpdateFailedError as error:
            raise from_failure(error.cause) from None
        self.leg_id = answer.leg_id
        return answer

    async def connected(self) -> None:
        """The agent's media flows."""
        await self.call.fact(LegStateChanged(leg_id=self.leg_id, state=LEG_STATE_CONNECTED, placement_epoch=1))

    async def gone(self, reason: str) -> None:
        """The agent's media is over."""
        fact = LegStateChanged(leg_id=self.leg_id, state=LEG_STATE_ENDED, reason=reason, placement_epoch=1)
        await self.call.fact(fact)

    async def take(self) -> None:
        """The agent is rung, accepts, joins, and talks with the caller."""
        await self.rung()
        await self.answer()
        await self.join()
        await self.connected()
        await self.call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED)


async def refusal(agent: Agent, replaces: str = "") -> str:
    """Have an agent who may not join try it, and give the reason."""
    try:
        await agent.join(replaces)
    except CordboardError as error:
        return error.reason
    raise AssertionError("the agent was let in")


async def queued_call(house: House, *skills: str) -> PlacedCall:
    """A call whose caller asked the AI agent for a human, and waits."""
    call = await ask_for_human(house, *skills)
    await eventually(lambda: "enqueue 1" in house.routing.of(call.call_id))
    return call


async def ask_for_human(house: House, *skills: str) -> PlacedCall:
    """A call whose caller asked the AI agent for a human, whatever routing makes of it."""
    call = await engaged_call(house)
    await consent(call)
    fact = ConversationEnded(
        outcome=TALK_OUTCOME_WANTS_HUMAN, urgency=URGENCY_SOON, summary=SUMMARY, skills=skills or ("clinical",)
    )
    await call.fact(fact, VOICE)
    await call.until(lambda view: view.phase == PHASE_QUEUED)
    await detach(call)
    return call


def hears(call: PlacedCall, listener: str) -> list[str]:
    """Tell whom a leg hears, by the newest matrix that the node was given."""
    matrix = next(
        command.set_routing.matrix for command in reversed(call.room.commands) if command.HasField("set_routing")
    )
    return next((list(row.hears) for row in matrix.rows if row.leg_id == listener), [])


def playing(call: PlacedCall, listener: str) -> list[str]:
    """Tell which sounds the node was told to play to a leg, and not to stop."""
    sounds: dict[str, str] = {}
    for command in call.room.commands:
        if command.HasField("play") and listener in command.play.leg_ids:
            sounds[command.play.play_id] = command.play.sound
        elif command.HasField("flush"):
            sounds.pop(command.flush.play_id, None)
    return list(sounds.values())
