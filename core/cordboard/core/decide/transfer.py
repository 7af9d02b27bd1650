"""Transfers: a human agent fetches another one, with or without speaking to them first, and all three may talk.

While the second agent is looked for the call is queued as it was for the first, who waits and gets the caller back when
nobody comes. So whoever hangs up meanwhile, nobody is left alone in a room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED, Phase
from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STAGE_CONSULTING,
    TRANSFER_STAGE_RINGING,
    TRANSFER_STEP_CANCEL,
    TRANSFER_STEP_COMPLETE,
    TRANSFER_STEP_CONFERENCE,
    ConferenceBegun,
    ConsultBegun,
    HandBack,
    HandedBack,
    StartTransfer,
    StepTransfer,
    TransferCompleted,
    TransferEnded,
    TransferReturned,
    TransferStarted,
)
from cordboard.core import reasons
from cordboard.core.call_state import Leg, Transfer
from cordboard.core.decide.draft import Draft, wrong_phase
from cordboard.core.errors import InvalidError, WrongStateError
from cordboard.core.matching import own_skill
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER


def _start(draft: Draft, command: StartTransfer) -> None:
    state, offer = draft.state, draft.state.offer
    if state.transfer is not None:
        raise WrongStateError(reasons.ALREADY_TRANSFERRING, "the call is being transferred")
    leg = state.leg(offer.leg_id) if offer is not None else None
    if offer is None or leg is None or not leg.living:
        raise wrong_phase(state, "a transfer")
    queue = command.queue or (state.queue.queue if state.queue is not None and command.agent_id else "")
    if not queue:
        raise InvalidError(reasons.FIELD_MISSING, "queue or agent_id is required", field="queue")
    if command.agent_id == offer.agent_id:
        raise InvalidError(reasons.FIELD_INVALID, "the agent has the call", field="agent_id")
    skills = [own_skill(command.agent_id)] if command.agent_id else command.skills
    _retrieve_caller(draft)
    draft.add(
        TransferStarted(
            agent_id=offer.agent_id,
            leg_id=offer.leg_id,
            target_agent_id=command.agent_id,
            consult=command.consult,
        )
    )
    draft.add(decisions.CallQueued(queue=queue, skills=skills, priority=command.priority, hand_over=command.hand_over))
    draft.route()


def _step(draft: Draft, command: StepTransfer) -> None:
    transfer = draft.state.transfer
    if transfer is None:
        raise WrongStateError(reasons.NO_TRANSFER, "the call is not being transferred")
    if command.step == TRANSFER_STEP_CANCEL:
        cancel(draft, command.reason or reasons.CANCELLED)
    elif transfer.stage == TRANSFER_STAGE_RINGING:
        raise wrong_phase(draft.state, "the next step of a transfer")
    elif command.step == TRANSFER_STEP_COMPLETE:
        _complete(draft)
    elif command.step == TRANSFER_STEP_CONFERENCE:
        if transfer.stage == TRANSFER_STAGE_CONSULTING:
            _retrieve_caller(draft)
            draft.add(ConferenceBegun())
    else:
        raise InvalidError(reasons.FIELD_MISSING, "step is required", field="step")
    draft.route()


def _hand_back(draft: Draft, _: HandBack) -> None:
    state, offer = draft.state, draft.state.offer
    if state.transfer is not None:
        raise WrongStateError(reasons.ALREADY_TRANSFERRING, "the call is being transferred")
    if offer is None:
        raise wrong_phase(state, "handing back")
    if not state.handed_back:
        draft.add(HandedBack(agent_id=offer.agent_id))


def target_connected(draft: Draft) -> None:
    """Go on once the second agent is in the call: a consultation when that was asked for, otherwise it is done."""
    transfer, offer = draft.state.transfer, draft.state.offer
    if transfer is None or offer is None:
        return
    if not transfer.consult or draft.state.transferring_leg is None:
        draft.add(TransferCompleted(agent_id=offer.agent_id))
        return
    for leg in draft.state.living_legs(LEG_ROLE_CALLER):
        if not leg.held:
            draft.add(decisions.LegHeld(leg_id=leg.leg_id))
    draft.add(ConsultBegun(agent_id=offer.agent_id))


def target_missed(draft: Draft, reason: str) -> None:
    """Go on after an agent did not take the call: when it was for that agent alone, the first one is back."""
    transfer = draft.state.transfer
    if transfer is not None and transfer.target_agent_id:
        cancel(draft, reason)


def cancel(draft: Draft, reason: str) -> None:
    """Give the second agent up; the call waits on when the first one has left meanwhile and none has come."""
    transfer, leg = draft.state.transfer, draft.state.transferring_leg
    if transfer is None:
        return
    if leg is not None:
        if draft.state.phase == PHASE_AGENT_ALERTING and draft.state.offer is not None:
            draft.add(decisions.AgentMissed(agent_id=draft.state.offer.agent_id, reason=reason))
        _retrieve_caller(draft)
        draft.add(TransferReturned(agent_id=transfer.first.agent_id, leg_id=leg.leg_id, reason=reason))
    elif transfer.stage == TRANSFER_STAGE_RINGING:
        draft.add(TransferEnded(reason=reason))
    draft.route()


def agent_gone(draft: Draft, leg: Leg) -> None:
    """Go on after a human agent's leg is over: the other agent has the caller."""
    transfer, offer = draft.state.transfer, draft.state.offer
    if transfer is None or transfer.stage == TRANSFER_STAGE_RINGING or offer is None:
        return
    if leg.leg_id == transfer.first.leg_id:
        _complete(draft)
    elif leg.leg_id == offer.leg_id:
        cancel(draft, reasons.AGENT_HUNG_UP)


def end_transfer(draft: Draft, reason: str) -> None:
    """Note that nothing comes of a transfer because the caller goes somewhere else."""
    if draft.state.transfer is not None:
        draft.add(TransferEnded(reason=reason))


def _complete(draft: Draft) -> None:
    offer = draft.state.offer
    assert offer is not None
    _retrieve_caller(draft)
    draft.add(TransferCompleted(agent_id=offer.agent_id))
    draft.route()


def _retrieve_caller(draft: Draft) -> None:
    for leg in draft.state.living_legs(LEG_ROLE_CALLER):
        if leg.held:
            draft.add(decisions.LegRetrieved(leg_id=leg.leg_id))


def is_ringing(transfer: Transfer | None) -> bool:
    """Whether a second agent is being looked for."""
    return transfer is not None and transfer.stage == TRANSFER_STAGE_RINGING


_WITH_AGENT: Final = frozenset({PHASE_QUEUED, PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED})

COMMANDS: Final[Mapping[type[Message], tuple[frozenset[Phase.ValueType], Callable[[Draft, Any], None]]]] = {
    StartTransfer: (frozenset({PHASE_AGENT_CONNECTED}), _start),
    StepTransfer: (_WITH_AGENT, _step),
    HandBack: (frozenset({PHASE_AGENT_CONNECTED}), _hand_back),
}
