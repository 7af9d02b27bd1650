"""Calls that keep a place for one who is to be called back."""

from temporal import House, PlacedCall, eventually
from temporalio.service import RPCError, RPCStatusCode

from cordboard.call.v1.call_pb2 import CallView
from cordboard.call.v1.call_service_pb2 import EndCallRequest, EndCallResponse
from cordboard.call.v1.call_workflow_pb2 import EndCallInput
from cordboard.workflows import names

NUMBER = "5550198302"


async def callback_of(house: House, first: PlacedCall) -> PlacedCall:
    """The call that keeps the place of the first call's caller, once routing knows of it."""
    await eventually(lambda: bool(_others(house, first)))
    [call_id] = _others(house, first)
    return house.placed(call_id, "")


def _others(house: House, first: PlacedCall) -> set[str]:
    return {request.call_id for request in house.routing.asked} - {first.call_id}


async def call_off(call: PlacedCall) -> CallView:
    """An app ends the call."""
    argument = EndCallInput(actor="app/a", request=EndCallRequest(call_id=call.call_id, reason="OPERATOR"))
    try:
        await call.update(names.UPDATE_END_CALL, argument, EndCallResponse)
    except RPCError as error:
        # The server that skips time forgets the answers of a call that is over.
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    await call.handle.result()
    return await call.view()
