"""The durable life of one call. The workflow alone changes the call's state."""

import asyncio

from temporalio import workflow

from cordboard.call.v1.call_pb2 import CallView
from cordboard.call.v1.call_service_pb2 import (
    AddLegResponse,
    EndCallResponse,
    EscalateCallResponse,
    HoldLegResponse,
    RemoveLegResponse,
    RetrieveLegResponse,
    SetRecordingResponse,
    StepTransferResponse,
    TransferCallResponse,
)
from cordboard.call.v1.call_workflow_pb2 import (
    AddLegInput,
    AgentReservation,
    AgentWithdrawal,
    CallInput,
    CallResult,
    EndCallInput,
    EscalateInput,
    FactBatch,
    HoldInput,
    NodeLost,
    QueuePlace,
    RemoveLegInput,
    RetrieveInput,
    SetRecordingInput,
    StartCallAnswer,
    StartCallInput,
    StateAnswer,
    StepTransferInput,
    TransferInput,
)
from cordboard.core.errors import ConflictError, CordboardError
from cordboard.core.state_digest import to_canonical_json
from cordboard.core.view import to_view
from cordboard.registry.v1.script_contract_pb2 import VerbRequested
from cordboard.workflows import names, routing_stubs, script_contract
from cordboard.workflows.call_conductor import CallConductor
from cordboard.workflows.call_loop import after_signals
from cordboard.workflows.failures import to_failure
from cordboard.workflows.steering import Steering
from cordboard.workflows.transfer_steering import TransferSteering
from cordboard.workflows.wrap_up_start import start_wrap_up


@workflow.defn(name=names.CALL_WORKFLOW)
class CallWorkflow:
    """One call. Handlers validate, put a step into the loop's inbox and wait; the loop alone acts."""

    @workflow.init
    def __init__(self, call: CallInput) -> None:
        self._conductor = CallConductor(call)
        self._steering = Steering(self._conductor)
        self._transfers = TransferSteering(self._conductor.loop)

    @workflow.run
    async def run(self, call: CallInput) -> CallResult:
        """Carry the call from its first media to its last; ends when everything is released and on the log."""
        conducting = asyncio.create_task(self._conductor.run())
        while not conducting.done():
            try:
                await workflow.wait_condition(conducting.done)
            except asyncio.CancelledError:
                # An operator's cancel is a hang-up like any other: rooms and voice agents are released first.
                self._conductor.cancel("operator")
        await conducting
        await workflow.wait_condition(workflow.all_handlers_finished)
        state = self._conductor.loop.state
        if state.decisions:
            await start_wrap_up(call)
        return CallResult(phase=state.phase, end_reason=state.end_reason)

    @workflow.update(name=names.UPDATE_START_CALL)
    async def start_call(self, start: StartCallInput) -> StartCallAnswer:
        """Admit the call and give the SDP answer."""
        await after_signals()
        try:
            return await self._conductor.admitted(start)
        except CordboardError as error:
            raise to_failure(error) from error

    @start_call.validator
    def _check_start(self, start: StartCallInput) -> None:
        if self._conductor.is_started:
            raise to_failure(ConflictError("REQUEST_ID_REUSED", "the call was started by another request"))

    @workflow.update(name=names.UPDATE_ESCALATE)
    async def escalate(self, wanted: EscalateInput) -> EscalateCallResponse:
        """Ask for a human."""
        await after_signals()
        await self._steering.escalate(wanted)
        return EscalateCallResponse(args_digest=wanted.args_digest)

    @escalate.validator
    def _check_escalate(self, wanted: EscalateInput) -> None:
        self._steering.check_escalate(wanted)

    @workflow.update(name=names.UPDATE_HOLD)
    async def hold(self, wanted: HoldInput) -> HoldLegResponse:
        """Put a leg on hold."""
        await after_signals()
        await self._steering.hold(wanted)
        return HoldLegResponse(args_digest=wanted.args_digest)

    @hold.validator
    def _check_hold(self, wanted: HoldInput) -> None:
        self._steering.check_hold(wanted)

    @workflow.update(name=names.UPDATE_RETRIEVE)
    async def retrieve(self, wanted: RetrieveInput) -> RetrieveLegResponse:
        """Take a leg back from hold."""
        await after_signals()
        await self._steering.retrieve(wanted)
        return RetrieveLegResponse(args_digest=wanted.args_digest)

    @retrieve.validator
    def _check_retrieve(self, wanted: RetrieveInput) -> None:
        self._steering.check_retrieve(wanted)

    @workflow.update(name=names.UPDATE_SET_RECORDING)
    async def set_recording(self, wanted: SetRecordingInput) -> SetRecordingResponse:
        """Start, pause, resume or stop recording; pause and stop do not wait for a ledger that is away."""
        await after_signals()
        await self._steering.set_recording(wanted)
        return SetRecordingResponse(args_digest=wanted.args_digest)

    @set_recording.validator
    def _check_set_recording(self, wanted: SetRecordingInput) -> None:
        self._steering.check_set_recording(wanted)

    @workflow.update(name=names.UPDATE_TRANSFER)
    async def transfer(self, wanted: TransferInput) -> TransferCallResponse:
        """Fetch another human agent."""
        await after_signals()
        await self._transfers.transfer(wanted)
        return TransferCallResponse(args_digest=wanted.args_digest)

    @transfer.validator
    def _check_transfer(self, wanted: TransferInput) -> None:
        self._transfers.check(wanted)

    @workflow.update(name=names.UPDATE_STEP_TRANSFER)
    async def step_transfer(self, wanted: StepTransferInput) -> StepTransferResponse:
        """Go on with a transfer."""
        await after_signals()
        await self._transfers.step(wanted)
        return StepTransferResponse(args_digest=wanted.args_digest)

    @step_transfer.validator
    def _check_step_transfer(self, wanted: StepTransferInput) -> None:
        self._transfers.check(wanted)

    @workflow.update(name=names.UPDATE_END_CALL)
    async def end_call(self, wanted: EndCallInput) -> EndCallResponse:
        """End the call; does not wait for a ledger that is away."""
        await after_signals()
        await self._steering.end_call(wanted)
        return EndCallResponse(args_digest=wanted.args_digest)

    @end_call.validator
    def _check_end_call(self, wanted: EndCallInput) -> None:
        self._steering.check_end_call(wanted)

    @workflow.update(name=names.UPDATE_ADD_LEG)
    async def add_leg(self, wanted: AddLegInput) -> AddLegResponse:
        """Add a leg and give the SDP answer."""
        await after_signals()
        return await self._steering.add_leg(wanted)

    @add_leg.validator
    def _check_add_leg(self, wanted: AddLegInput) -> None:
        self._steering.check_add_leg(wanted)

    @workflow.update(name=names.UPDATE_REMOVE_LEG)
    async def remove_leg(self, wanted: RemoveLegInput) -> RemoveLegResponse:
        """End a leg; does not wait for a ledger that is away."""
        await after_signals()
        await self._steering.remove_leg(wanted)
        return RemoveLegResponse(args_digest=wanted.args_digest)

    @remove_leg.validator
    def _check_remove_leg(self, wanted: RemoveLegInput) -> None:
        self._steering.check_remove_leg(wanted)

    @workflow.signal(name=names.SIGNAL_TAKE_FACTS)
    def take_facts(self, batch: FactBatch) -> None:
        """Consume facts from the log."""
        for envelope in sorted(batch.facts, key=lambda fact: fact.seq):
            self._conductor.loop.take_fact(envelope)

    @workflow.signal(name=names.SIGNAL_LOSE_NODE)
    def lose_node(self, lost: NodeLost) -> None:
        """Note that a media node is gone; another node's end is no concern of this call."""
        self._conductor.lose_node(lost.node_id, lost.boot_id)

    @workflow.signal(name=routing_stubs.SIGNAL_AGENT_RESERVED)
    def agent_reserved(self, reservation: AgentReservation) -> None:
        """Ring a human agent who is set aside for this call."""
        self._conductor.agent.reserve(reservation)

    @workflow.signal(name=routing_stubs.SIGNAL_AGENT_WITHDRAWN)
    def agent_withdrawn(self, withdrawal: AgentWithdrawal) -> None:
        """Give up a human agent whose reservation ended by itself."""
        self._conductor.agent.withdraw(withdrawal)

    @workflow.signal(name=routing_stubs.SIGNAL_QUEUE_MOVED)
    def queue_moved(self, place: QueuePlace) -> None:
        """Note where the call stands in its queue."""
        self._conductor.agent.move(place)

    @workflow.signal(name=script_contract.SIGNAL_VERB_REQUESTED)
    def verb_requested(self, request: VerbRequested) -> None:
        """Do a verb for the registered workflow that runs the call."""
        if self._conductor.registered is not None:
            self._conductor.registered.request(request)

    @workflow.query(name=names.QUERY_STATE)
    def state(self) -> StateAnswer:
        """Give the state that a fold of the log up to the same decision must equal."""
        state = self._conductor.loop.journal.on_record
        return StateAnswer(canonical_json=to_canonical_json(state), decisions=state.decisions)

    @workflow.query(name=names.QUERY_VIEW)
    def view(self) -> CallView:
        """Give the call as a reader with the scope `phi` sees it."""
        return to_view(self._conductor.loop.journal.on_record, phi=True)
