"""The one durable hop before a call's SDP answer: placed, logged, room made."""

from temporalio import activity

from cordboard.activities.decision_log import DecisionLog
from cordboard.activities.media_activities import MediaNodes, apply_in_order
from cordboard.activities.node_registry import NodeRegistry, Placement
from cordboard.activities.profile_store import ProfileActivities
from cordboard.activity.v1.call_activities_pb2 import AdmitInput, AdmitResult, CommandOutcome, PinProfileInput
from cordboard.call.v1.commands_pb2 import (
    AddLeg,
    AnswerCall,
    AskConsent,
    BeginCall,
    EngageAi,
    PinProfile,
    PlaceCall,
    SendMediaCommand,
)
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested
from cordboard.core.errors import CordboardError
from cordboard.core.event_message import unpack_any
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.media.v1.command_pb2 import AddLeg as AddMediaLeg
from cordboard.media.v1.command_pb2 import Command, CreateRoom, PcmPort, WebrtcOffer
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_AI_AGENT,
    LEG_ROLE_CALLER,
    LEG_TRANSPORT_PCM,
    LEG_TRANSPORT_WEBRTC,
)
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA
from cordboard.workflows.decision_book import DecisionBook

MEDIA_LOST = "MEDIA_LOST"


class AdmissionActivities:
    """The activity that lets a call in."""

    def __init__(
        self, log: DecisionLog, registry: NodeRegistry, nodes: MediaNodes, profiles: ProfileActivities
    ) -> None:
        self._log = log
        self._registry = registry
        self._nodes = nodes
        self._profiles = profiles

    @activity.defn
    async def admit(self, admission: AdmitInput) -> AdmitResult:
        """Place a call, log its first decisions, and have its room made with the caller's and the AI agent's legs.

        A repeat gets the same placement, makes the same decisions, which the log knows, and sends the same commands,
        which the node answers from its cache.
        """
        call = admission.call
        profile = await self._profiles.pin_profile(PinProfileInput(vertical=call.vertical, agent=admission.agent))
        placement = await self._registry.place(
            request_id=admission.request_id, call_id=call.call_id, kind=NODE_KIND_MEDIA
        )
        decisions = _decide(admission, profile, placement)
        # A try before this one may have logged them at another time, and the log's word holds. What it decided after
        # them was never carried out; the workflow meets that on the log by itself.
        logged = await self._log.append(decisions)
        decisions = logged[: len(decisions)]
        events = [unpack_any(decision.event) for decision in decisions]
        commands = [event.command for event in events if isinstance(event, MediaCommandRequested)]
        return AdmitResult(
            decisions=decisions,
            outcomes=await self._apply(placement.node.address, commands),
            node_address=placement.node.address,
            node_boot_id=placement.node.boot_id,
        )

    async def _apply(self, address: str, commands: list[Command]) -> list[CommandOutcome]:
        """Carry out the commands. The decisions are on the log, so a node that is away is an outcome as well."""
        try:
            outcomes = await apply_in_order(self._nodes, address, commands)
        except CordboardError:
            outcomes = [CommandOutcome(command_seq=one.command_seq, reason=MEDIA_LOST) for one in commands]
        room = next((at for at, command in enumerate(commands) if command.HasField("create_room")), None)
        if room is not None and not outcomes[room].applied:
            # There is no room to do anything in, and that is why.
            for outcome in outcomes[room:]:
                outcome.reason = outcomes[room].reason
        return outcomes


def _decide(admission: AdmitInput, profile: PinProfile, placement: Placement) -> list[NewEvent]:
    """Make a call's first decisions; the same admission and placement give the same ones."""
    call = admission.call
    book = DecisionBook(call.call_id)
    begin = BeginCall(
        call_id=call.call_id,
        tenant=call.tenant,
        vertical=call.vertical,
        direction=call.direction,
        workflow=call.workflow,
        target=call.target,
        related_call_id=call.related_call_id,
    )
    place = PlaceCall(node_id=placement.node.node_id, placement_epoch=placement.placement_epoch)
    room = SendMediaCommand(command=Command(create_room=CreateRoom(tenant=call.tenant)))
    legs: list[AddLeg | SendMediaCommand] = []
    if admission.leg_id:
        offer = AddMediaLeg(leg_id=admission.leg_id, webrtc_offer=WebrtcOffer(sdp=admission.sdp_offer))
        legs += [
            AddLeg(leg_id=admission.leg_id, role=LEG_ROLE_CALLER, transport=LEG_TRANSPORT_WEBRTC),
            SendMediaCommand(command=Command(add_leg=offer)),
        ]
    if admission.ai_leg_id:
        port = AddMediaLeg(leg_id=admission.ai_leg_id, pcm_port=PcmPort())
        legs += [
            AddLeg(leg_id=admission.ai_leg_id, role=LEG_ROLE_AI_AGENT, transport=LEG_TRANSPORT_PCM),
            SendMediaCommand(command=Command(add_leg=port)),
        ]
    talk: list[AnswerCall | EngageAi | AskConsent] = []
    if admission.leg_id and admission.ai_leg_id:
        talk = [AnswerCall(), EngageAi(leg_id=admission.ai_leg_id, profile=profile.name), AskConsent()]
    decisions = book.decide(
        begin, place, profile, room, *legs, *talk, at_us=to_us(admission.at), actor=admission.actor or "caller"
    )
    return [decision.numbered for decision in decisions]
