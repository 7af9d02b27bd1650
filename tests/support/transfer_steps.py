"""What agents and desks do to a call that is handed on, step by step."""

from bridge_steps import Agent, queued_call
from temporal import House, PlacedCall, eventually

from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED
from cordboard.call.v1.call_service_pb2 import (
    StepTransferRequest,
    StepTransferResponse,
    TransferCallRequest,
    TransferCallResponse,
)
from cordboard.call.v1.call_workflow_pb2 import StepTransferInput, TransferInput
from cordboard.call.v1.transfer_pb2 import TransferStep
from cordboard.workflows import names


async def bridged_call(house: House) -> tuple[PlacedCall, Agent]:
    """A call that ann has taken."""
    call = await queued_call(house)
    ann = Agent(call)
    await ann.take()
    return call, ann


async def transfer(call: PlacedCall, **request: object) -> None:
    """Ann's desk asks for another agent, and routing knows."""
    wanted = TransferInput(actor="agent/ann", request=TransferCallRequest(**request))  # type: ignore[arg-type]
    await call.update(names.UPDATE_TRANSFER, wanted, TransferCallResponse)
    await call.until(lambda view: view.phase in (PHASE_QUEUED, PHASE_AGENT_ALERTING))
    await eventually(lambda: call.house.routing.of(call.call_id)[-1].startswith("enqueue"))


async def step(call: PlacedCall, wanted: TransferStep.ValueType) -> None:
    """A desk goes on with the transfer."""
    argument = StepTransferInput(actor="agent/ann", request=StepTransferRequest(step=wanted))
    await call.update(names.UPDATE_STEP_TRANSFER, argument, StepTransferResponse)


async def join(agent: Agent) -> None:
    """The second agent is rung, accepts and joins."""
    await agent.rung()
    await agent.answer()
    await agent.join()
    await agent.connected()
    await agent.call.until(lambda view: view.phase == PHASE_AGENT_CONNECTED and view.agent_id == agent.name)
