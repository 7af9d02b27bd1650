"""A call's state as the contract shows it to readers."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.transfer_pb2 import TRANSFER_STAGE_UNSPECIFIED
from cordboard.call.v1.wrap_up_facts_pb2 import (
    ErasedObjectsRemoved,
    ObjectStored,
    WrapUpFinished,
    WrapUpStageDone,
    WrapUpView,
)
from cordboard.core import routing
from cordboard.core.call_state import CallState, Leg, Slots, ToolCall
from cordboard.core.event_message import unpack
from cordboard.core.phi import redact
from cordboard.core.timestamps import from_us
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.ledger.v1.facts_pb2 import CallErased


def to_view(state: CallState, *, phi: bool) -> call_pb2.CallView:
    """The call as a reader sees it; without the fields that are marked as PHI unless `phi`."""
    view = call_pb2.CallView(
        call_id=state.call_id,
        tenant=state.tenant,
        vertical=state.vertical,
        direction=state.direction,
        phase=state.phase,
        phases=state.phases,
        legs=[_leg(leg) for leg in state.legs],
        routing=routing.to_message(state.routing),
        recording=state.recording,
        consent=state.consent,
        slots=to_slots(state.slots),
        timers=[call_pb2.PendingTimer(timer_id=timer.timer_id, due_at=from_us(timer.due_us)) for timer in state.timers],
        end_reason=state.end_reason,
        decisions=state.decisions,
        offered_at=_time(state.offered_at_us),
        ended_at=_time(state.ended_at_us),
        node_id=state.node_id,
        placement_epoch=state.placement_epoch,
        talk_outcome=state.talk_outcome,
        tool_calls=[_tool_call(call) for call in state.tool_calls],
        escalation_reason=state.escalation_reason,
        related_call_id=state.related_call_id,
        transfer_stage=state.transfer.stage if state.transfer is not None else TRANSFER_STAGE_UNSPECIFIED,
    )
    _add_people(view, state)
    return view if phi else redact(view)


def wrap_up_view(envelopes: Iterable[Envelope]) -> WrapUpView | None:
    """How the wrap-up of one call stands, by its log; None before it has done anything."""
    view = WrapUpView()
    for envelope in envelopes:
        event = unpack(envelope)
        if isinstance(event, ObjectStored):
            view.objects.append(event.object)
        elif isinstance(event, ErasedObjectsRemoved):
            # Only what is locked is left, and nobody can read it.
            locked = [one for one in view.objects if one.HasField("retained_until")]
            del view.objects[:]
            view.objects.extend(locked)
        elif isinstance(event, WrapUpStageDone):
            view.stages.append(event)
        elif isinstance(event, WrapUpFinished):
            view.finished = True
            view.took.CopyFrom(event.took)
    return view if view.ByteSize() else None


def erased_at(envelopes: Iterable[Envelope]) -> Timestamp | None:
    """When a call was erased, by its log; None when it was not."""
    times = (one.recorded_at for one in envelopes if one.event.event.TypeName() == CallErased.DESCRIPTOR.full_name)
    return next(times, None)


def to_slots(slots: Slots) -> call_pb2.Slots:
    """The slots as the contract's message."""
    return call_pb2.Slots(
        name=slots.name,
        callback_number=slots.callback_number,
        reason=slots.reason,
        urgency=slots.urgency,
        extra=dict(slots.extra),
    )


def _add_people(view: call_pb2.CallView, state: CallState) -> None:
    if state.queue is not None:
        view.queue = state.queue.queue
        view.queue_position = state.queue.position
    if state.offer is not None:
        view.agent_id = state.offer.agent_id
    if state.profile is not None:
        view.profile = state.profile.name
    if state.talk is not None:
        view.hand_over = state.talk.summary
    if state.script is not None:
        view.workflow = state.script.name
        view.workflow_version = state.script.version
        view.script_reason = state.script.abandoned


def _time(at_us: int) -> Timestamp | None:
    return from_us(at_us) if at_us else None


def _leg(leg: Leg) -> call_pb2.LegView:
    return call_pb2.LegView(
        leg_id=leg.leg_id,
        role=leg.role,
        transport=leg.transport,
        state=leg.state,
        held=leg.held,
        supervision=leg.supervision,
        party_id=leg.party_id,
    )


def _tool_call(call: ToolCall) -> call_pb2.ToolCallView:
    return call_pb2.ToolCallView(
        tool_call_id=call.tool_call_id, name=call.name, outcome=call.outcome, attempts=call.attempts
    )
