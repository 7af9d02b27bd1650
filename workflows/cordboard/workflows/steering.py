"""Requests that steer a running call: checked before anything is accepted, then carried out by the loop."""

from google.protobuf.message import Message
from temporalio import workflow

from cordboard.call.v1.call_pb2 import RECORDING_STATE_OFF, RECORDING_STATE_PAUSED
from cordboard.call.v1.call_service_pb2 import AddLegResponse
from cordboard.call.v1.call_workflow_pb2 import (
    AddLegInput,
    EndCallInput,
    EscalateInput,
    HoldInput,
    RemoveLegInput,
    RetrieveInput,
    SetRecordingInput,
)
from cordboard.call.v1.commands_pb2 import (
    AddLeg,
    CancelCall,
    ChangeRecording,
    Escalate,
    HangUp,
    HoldLeg,
    RetrieveLeg,
    SendMediaCommand,
)
from cordboard.core import phases, reasons
from cordboard.core.errors import CordboardError, InvalidError, NotFoundError, UnavailableError, WrongStateError
from cordboard.media.v1.command_pb2 import AddLeg as AddMediaLeg
from cordboard.media.v1.command_pb2 import Command, RemoveLeg, WebrtcOffer
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT, LEG_TRANSPORT_WEBRTC
from cordboard.workflows.admission import BAD_SDP
from cordboard.workflows.agent_seat import agent_away, agent_in_call, check_agent, check_party
from cordboard.workflows.call_conductor import CallConductor
from cordboard.workflows.failures import to_failure
from cordboard.workflows.media_lane import MEDIA_LOST

CLIENT_CLOSED = "CLIENT_CLOSED"
_ENDINGS = (RECORDING_STATE_PAUSED, RECORDING_STATE_OFF)


class Steering:
    """What the call's updates do. A `check` raises the failure that the asker is told, and changes nothing."""

    def __init__(self, conductor: CallConductor) -> None:
        self._conductor = conductor
        self._loop = conductor.loop

    def check_escalate(self, wanted: EscalateInput) -> None:
        """Refuse what the phase does not allow."""
        self._check(_escalate(wanted))

    async def escalate(self, wanted: EscalateInput) -> None:
        """Ask for a human."""
        await self._ask(wanted.actor, _escalate(wanted))

    def check_hold(self, wanted: HoldInput) -> None:
        """Refuse an unknown leg and a wrong phase."""
        self._check(HoldLeg(leg_id=wanted.request.leg_id))

    async def hold(self, wanted: HoldInput) -> None:
        """Put a leg on hold."""
        await self._ask(wanted.actor, HoldLeg(leg_id=wanted.request.leg_id))

    def check_retrieve(self, wanted: RetrieveInput) -> None:
        """Refuse an unknown leg and a wrong phase."""
        self._check(RetrieveLeg(leg_id=wanted.request.leg_id))

    async def retrieve(self, wanted: RetrieveInput) -> None:
        """Take a leg back from hold."""
        await self._ask(wanted.actor, RetrieveLeg(leg_id=wanted.request.leg_id))

    def check_set_recording(self, wanted: SetRecordingInput) -> None:
        """Refuse a recording without consent, and a pause without a recording."""
        self._check(_recording(wanted))

    async def set_recording(self, wanted: SetRecordingInput) -> None:
        """Change the recording; stopping and pausing come before the log."""
        await self._ask(wanted.actor, _recording(wanted), pressing=wanted.request.state in _ENDINGS)

    def check_end_call(self, wanted: EndCallInput) -> None:
        """Refuse to end what never began; ending an ended call is fine."""
        self._check(_end(wanted))

    async def end_call(self, wanted: EndCallInput) -> None:
        """End the call before the log knows."""
        await self._ask(wanted.actor, _end(wanted), pressing=True)

    def check_add_leg(self, wanted: AddLegInput) -> None:
        """Refuse a leg where none may join, and a human agent whom the call was not offered to."""
        self._check(*_legs(wanted, "new"))
        checks = {LEG_ROLE_HUMAN_AGENT: check_agent, LEG_ROLE_CALLER: check_party}
        check = checks.get(wanted.request.role)
        if check is not None:
            try:
                check(self._loop.state, wanted)
            except CordboardError as error:
                raise to_failure(error) from error

    async def add_leg(self, wanted: AddLegInput) -> AddLegResponse:
        """Add a leg and give the node's answer."""
        leg_id = f"leg-{workflow.uuid4().hex[:12]}"
        away = agent_away(self._loop.state)
        if away is not None and away.party_id == wanted.party_id and not wanted.request.replaces_leg_id:
            # The agent's own leg broke, and another desk of theirs need not know which it was.
            wanted.request.replaces_leg_id = away.leg_id
        await self._ask(wanted.actor, *_legs(wanted, leg_id))
        media = self._conductor.media
        await workflow.wait_condition(lambda: leg_id in media.joined or media.lost)
        outcome = media.joined.get(leg_id)
        if outcome is None or not outcome.applied:
            raise to_failure(_refusal(outcome.reason if outcome is not None else MEDIA_LOST))
        return AddLegResponse(leg_id=leg_id, sdp_answer=outcome.result.sdp_answer, args_digest=wanted.args_digest)

    def check_remove_leg(self, wanted: RemoveLegInput) -> None:
        """Refuse an unknown leg; removing an ended one is fine."""
        if self._loop.state.leg(wanted.request.leg_id) is None:
            raise to_failure(NotFoundError(reasons.LEG_NOT_FOUND, "the call has no such leg"))

    async def remove_leg(self, wanted: RemoveLegInput) -> None:
        """End a leg before the log knows; with the caller's last leg the call ends."""
        state = self._loop.state
        leg = state.leg(wanted.request.leg_id)
        if leg is not None and leg == agent_in_call(state):
            # Said before the node acts: an agent who takes leave and closes their line at once was not cut off, and
            # one whose line is broken already is waited for no longer.
            self._conductor.agent.hang_up()
        if leg is None or not leg.living or state.phase not in phases.OPEN:
            return
        remove = RemoveLeg(leg_id=leg.leg_id, reason=wanted.request.reason or CLIENT_CLOSED)
        messages: list[Message] = [SendMediaCommand(command=Command(remove_leg=remove))]
        if state.living_legs(LEG_ROLE_CALLER) == (leg,):
            messages.append(HangUp(reason=reasons.CALLER_HUNG_UP))
        await self._ask(wanted.actor, *messages, pressing=True)

    def _check(self, *messages: Message) -> None:
        try:
            self._loop.journal.check(*messages)
        except CordboardError as error:
            raise to_failure(error) from error

    async def _ask(self, actor: str, *messages: Message, pressing: bool = False) -> None:
        try:
            await self._loop.ask(*messages, actor=actor, pressing=pressing)
        except CordboardError as error:
            raise to_failure(error) from error


def _escalate(wanted: EscalateInput) -> Escalate:
    return Escalate(reason=wanted.request.reason)


def _recording(wanted: SetRecordingInput) -> ChangeRecording:
    request = wanted.request
    return ChangeRecording(state=request.state, reason=request.reason or "OPERATOR")


def _end(wanted: EndCallInput) -> CancelCall:
    return CancelCall(by=wanted.actor, reason=wanted.request.reason)


def _legs(wanted: AddLegInput, leg_id: str) -> tuple[AddLeg, SendMediaCommand]:
    request = wanted.request
    join = AddLeg(
        leg_id=leg_id,
        role=request.role,
        transport=LEG_TRANSPORT_WEBRTC,
        party_id=wanted.party_id,
        replaces_leg_id=request.replaces_leg_id,
    )
    offer = AddMediaLeg(
        leg_id=leg_id, replaces_leg_id=request.replaces_leg_id, webrtc_offer=WebrtcOffer(sdp=request.sdp_offer)
    )
    return join, SendMediaCommand(command=Command(add_leg=offer))


def _refusal(reason: str) -> CordboardError:
    if reason == BAD_SDP:
        return InvalidError(BAD_SDP, "the offer cannot be answered")
    if reason == "UNIMPLEMENTED":
        return WrongStateError(reason, "the media node cannot do that")
    return UnavailableError(reason, "the media node did not take the leg")
