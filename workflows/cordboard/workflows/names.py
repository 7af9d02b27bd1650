"""Names under which clients reach the call's workflow.

Payloads are the messages of `cordboard.call.v1` named beside each; a closed call answers NOT_FOUND.
"""

from datetime import timedelta
from typing import Final

CALL_WORKFLOW: Final = "CallWorkflow"
"""Type of the workflow; its argument is CallInput, its result CallResult."""

CALLS_QUEUE: Final = "calls"
"""Task queue of calls, their activities and the tools of the vertical packs."""

WRAP_UP_WORKFLOW: Final = "WrapUpWorkflow"
"""Type of the workflow that follows a call; its argument is WrapUpInput, its result WrapUpOutput."""

WRAP_UP_QUEUE: Final = "wrap-up"
"""Task queue of wrap-up and its activities: other processes than those that carry calls."""

UPDATE_START_CALL: Final = "start_call"
"""StartCallInput -> StartCallAnswer; sent with the start, its id is the request's id."""

UPDATE_ESCALATE: Final = "escalate"
"""EscalateInput -> EscalateCallResponse."""

UPDATE_HOLD: Final = "hold"
"""HoldInput -> HoldLegResponse."""

UPDATE_RETRIEVE: Final = "retrieve"
"""RetrieveInput -> RetrieveLegResponse."""

UPDATE_SET_RECORDING: Final = "set_recording"
"""SetRecordingInput -> SetRecordingResponse."""

UPDATE_TRANSFER: Final = "transfer"
"""TransferInput -> TransferCallResponse."""

UPDATE_STEP_TRANSFER: Final = "step_transfer"
"""StepTransferInput -> StepTransferResponse."""

UPDATE_END_CALL: Final = "end_call"
"""EndCallInput -> EndCallResponse."""

UPDATE_ADD_LEG: Final = "add_leg"
"""AddLegInput -> AddLegResponse."""

UPDATE_REMOVE_LEG: Final = "remove_leg"
"""RemoveLegInput -> RemoveLegResponse."""

SIGNAL_TAKE_FACTS: Final = "take_facts"
"""FactBatch."""

SIGNAL_LOSE_NODE: Final = "lose_node"
"""NodeLost."""

QUERY_STATE: Final = "state"
"""StateAnswer: what a fold of the log up to the same decision must equal."""

QUERY_VIEW: Final = "view"
"""CallView."""

TASK_TIMEOUT: Final = timedelta(seconds=2)
"""Longest that a dead worker may hold one step of a call."""

EXECUTION_TIMEOUT: Final = timedelta(hours=8)
"""The fuse of a call that nothing else ends."""

_PREFIX: Final = "call/"


def workflow_id(call_id: str) -> str:
    """Name the workflow of a call."""
    return _PREFIX + call_id


def wrap_up_id(call_id: str) -> str:
    """Name the workflow of a call's wrap-up."""
    return f"{_PREFIX}{call_id}/wrap-up"


def call_id_of(workflow_id_or_child: str) -> str | None:
    """Tell which call a workflow id belongs to, its children `call/{id}/...` included; None for any other."""
    if not workflow_id_or_child.startswith(_PREFIX):
        return None
    return workflow_id_or_child.removeprefix(_PREFIX).split("/", 1)[0] or None


def decision_source(call_id: str) -> str:
    """Name the source of a call's decisions on the log."""
    return f"workflow/{call_id}"


def wrap_up_source(call_id: str) -> str:
    """Name the source of what a call's wrap-up says on the log."""
    return f"wrap-up/{call_id}"
