"""Calls told message by message: what tests of the call model and of its readers begin with."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from cordboard.call.v1 import call_pb2, facts_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import gather_pb2 as gather
from cordboard.call.v1 import originate_pb2 as originate
from cordboard.call.v1 import transfer_pb2 as transfer
from cordboard.call.v1 import voicemail_pb2 as voicemail
from cordboard.core.call_state import CallState
from cordboard.core.decide import decide
from cordboard.core.evolve import evolve
from cordboard.media.v1 import command_pb2 as media
from cordboard.media.v1 import leg_pb2

CALL = "0190a000-0000-7000-8000-000000000001"
CALLER, AI, AGENT, SUPERVISOR = "leg-a-caller", "leg-b-ai", "leg-c-agent", "leg-d-supervisor"
SECOND, SECOND_AGENT = "leg-f-second", "nurse-8"
START_US = 1_760_000_000_000_000


class Story:
    """A call that is driven as its workflow drives it; keeps the log of what was decided."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.state: CallState | None = None
        self.log: list[tuple[Message, int]] = []
        self._now_us = START_US
        for message in messages:
            self.say(message)

    def say(self, message: Message) -> tuple[Message, ...]:
        """Decide on a message and evolve by what was decided."""
        events = decide(self.state, message)
        for event in events:
            self._now_us += 1000
            self.state = evolve(self.state, event, self._now_us)
            self.log.append((event, self._now_us))
        return events

    @property
    def now(self) -> CallState:
        """The state of a call that has begun."""
        assert self.state is not None
        return self.state


def names(events: Iterable[Message]) -> list[str]:
    """The events by their types' names."""
    return [event.DESCRIPTOR.name for event in events]


def begin(direction: call_pb2.Direction.ValueType = call_pb2.DIRECTION_INBOUND) -> commands.BeginCall:
    return commands.BeginCall(call_id=CALL, tenant="clinic", vertical="healthcare", direction=direction)


def add(leg_id: str, role: leg_pb2.LegRole.ValueType, *, replaces: str = "", party: str = "") -> commands.AddLeg:
    pcm = role == leg_pb2.LEG_ROLE_AI_AGENT
    transport = leg_pb2.LEG_TRANSPORT_PCM if pcm else leg_pb2.LEG_TRANSPORT_WEBRTC
    return commands.AddLeg(leg_id=leg_id, role=role, transport=transport, replaces_leg_id=replaces, party_id=party)


def leg_fact(
    leg_id: str, state: leg_pb2.LegState.ValueType, reason: str = "", epoch: int = 1
) -> facts_pb2.LegStateChanged:
    return facts_pb2.LegStateChanged(leg_id=leg_id, state=state, reason=reason, placement_epoch=epoch)


def connected(leg_id: str, epoch: int = 1) -> facts_pb2.LegStateChanged:
    return leg_fact(leg_id, leg_pb2.LEG_STATE_CONNECTED, epoch=epoch)


def ended(leg_id: str, reason: str = "CLIENT_CLOSED", epoch: int = 1) -> facts_pb2.LegStateChanged:
    return leg_fact(leg_id, leg_pb2.LEG_STATE_ENDED, reason, epoch)


def send(**command: Message) -> commands.SendMediaCommand:
    """A media command by its kind, such as `send(create_room=media.CreateRoom())`."""
    return commands.SendMediaCommand(command=media.Command(**command))  # type: ignore[arg-type]


def settle(seq: int, *, applied: bool = True, reason: str = "") -> commands.SettleMediaCommand:
    return commands.SettleMediaCommand(command_seq=seq, applied=applied, reason=reason)


def add_media(leg_id: str, sdp: str = "v=0") -> commands.SendMediaCommand:
    return send(add_leg=media.AddLeg(leg_id=leg_id, webrtc_offer=media.WebrtcOffer(sdp=sdp)))


def tool(tool_call_id: str = "t1", name: str = "healthcare.find_slot") -> facts_pb2.ToolCallRequested:
    return facts_pb2.ToolCallRequested(tool_call_id=tool_call_id, turn_id="u1", name=name, arguments={"day": "tuesday"})


def timer(timer_id: str = "consent", due: int = 1_760_000_020) -> commands.SetTimer:
    return commands.SetTimer(timer_id=timer_id, due_at=Timestamp(seconds=due))


OFFERED: tuple[Message, ...] = (
    begin(),
    commands.PlaceCall(node_id="media-node-1", placement_epoch=1),
    send(create_room=media.CreateRoom()),
    add(CALLER, leg_pb2.LEG_ROLE_CALLER),
    add_media(CALLER),
    settle(1),
    settle(2),
)

ORIGINATING: tuple[Message, ...] = (
    begin(call_pb2.DIRECTION_OUTBOUND),
    commands.PlaceCall(node_id="media-node-1", placement_epoch=1),
    send(create_room=media.CreateRoom()),
    add(CALLER, leg_pb2.LEG_ROLE_CALLER),
)

ALERTING: tuple[Message, ...] = (*ORIGINATING, commands.AlertCall())

INTAKE: tuple[Message, ...] = (*OFFERED, commands.AnswerCall(), connected(CALLER), timer())

ENGAGED: tuple[Message, ...] = (
    *INTAKE,
    commands.PinProfile(name="front-desk-intake", version="1", digest=b"d" * 32),
    add(AI, leg_pb2.LEG_ROLE_AI_AGENT, party="front-desk-intake"),
    send(add_leg=media.AddLeg(leg_id=AI, pcm_port=media.PcmPort())),
    send(set_routing=media.SetRouting()),
    facts_pb2.VoicePortChanged(leg_id=AI, attached=True),
    commands.AskConsent(),
    commands.EngageAi(leg_id=AI, profile="front-desk-intake"),
    facts_pb2.EngineVersionsReported(versions={"asr": "moonshine-voice 0.0.73 tiny-en"}),
)

RECORDED: tuple[Message, ...] = (
    *ENGAGED,
    facts_pb2.ConsentAnswered(given=True),
    commands.CancelTimer(timer_id="consent"),
    commands.ChangeRecording(state=call_pb2.RECORDING_STATE_ON),
    send(start_recording=media.StartRecording()),
)

TALKED: tuple[Message, ...] = (
    *RECORDED,
    facts_pb2.SlotsFilled(slots=call_pb2.Slots(name="Ada Byron")),
    facts_pb2.SlotsFilled(
        slots=call_pb2.Slots(name="Ada Byron", callback_number="5550100", urgency=call_pb2.URGENCY_SOON)
    ),
    tool(),
    commands.SettleToolCall(tool_call_id="t1", outcome="ok", result={"slot": "tue 9:00"}, attempts=1),
)

DONE: tuple[Message, ...] = (
    *TALKED,
    facts_pb2.ConversationEnded(
        outcome=call_pb2.TALK_OUTCOME_DONE, urgency=call_pb2.URGENCY_SOON, summary="Ada wants Tuesday."
    ),
    commands.HangUp(reason="DONE"),
    send(close_room=media.CloseRoom(reason="DONE")),
    ended(AI, "DONE"),
    ended(CALLER, "DONE"),
    commands.CompleteCall(),
)

QUEUED: tuple[Message, ...] = (
    *TALKED,
    facts_pb2.ConversationEnded(
        outcome=call_pb2.TALK_OUTCOME_WANTS_HUMAN, summary="Ada asks for a nurse.", skills=["clinical"]
    ),
    commands.Escalate(reason="CALLER_ASKED"),
    commands.Enqueue(queue="front-desk", skills=["clinical"], priority=2),
    commands.NoteQueuePosition(position=1),
    timer("patience", 1_760_000_300),
)

RINGING: tuple[Message, ...] = (
    *QUEUED,
    commands.AlertAgent(agent_id="nurse-7", reservation_epoch=4),
    timer("ring", 1_760_000_060),
    facts_pb2.AgentAnsweredOffer(agent_id="nurse-7", reservation_epoch=4, accepted=True),
    add(AGENT, leg_pb2.LEG_ROLE_HUMAN_AGENT, party="nurse-7"),
    add_media(AGENT),
    connected(AGENT),
)

BRIDGED: tuple[Message, ...] = (
    *RINGING,
    commands.CancelTimer(timer_id="ring"),
    commands.ConnectAgent(leg_id=AGENT),
    send(set_routing=media.SetRouting()),
    commands.HoldLeg(leg_id=CALLER),
    commands.RetrieveLeg(leg_id=CALLER),
    add(SUPERVISOR, leg_pb2.LEG_ROLE_SUPERVISOR),
    commands.SuperviseLeg(leg_id=SUPERVISOR, mode=call_pb2.SUPERVISION_MODE_WHISPER),
)

GATHERING: tuple[Message, ...] = (
    *INTAKE,
    gather.StartGather(most_digits=4, terminators="#"),
    timer("gather", 1_760_000_040),
    facts_pb2.DtmfReceived(leg_id=CALLER, digit="4", press=1),
    facts_pb2.DtmfReceived(leg_id=CALLER, digit="4", press=2),
)

GATHERED: tuple[Message, ...] = (
    *GATHERING,
    facts_pb2.DtmfReceived(leg_id=CALLER, digit="#", press=3),
    commands.CancelTimer(timer_id="gather"),
)

TRANSFERRING: tuple[Message, ...] = (
    *BRIDGED,
    transfer.StartTransfer(agent_id=SECOND_AGENT, consult=True),
    commands.AlertAgent(agent_id=SECOND_AGENT, reservation_epoch=2),
)

CONSULTING: tuple[Message, ...] = (
    *TRANSFERRING,
    facts_pb2.AgentAnsweredOffer(agent_id=SECOND_AGENT, reservation_epoch=2, accepted=True),
    add(SECOND, leg_pb2.LEG_ROLE_HUMAN_AGENT, party=SECOND_AGENT),
    add_media(SECOND),
    connected(SECOND),
    commands.ConnectAgent(leg_id=SECOND),
)

CONFERRING: tuple[Message, ...] = (
    *CONSULTING,
    transfer.StepTransfer(step=transfer.TRANSFER_STEP_CONFERENCE),
)

TRANSFERRED: tuple[Message, ...] = (
    *CONFERRING,
    transfer.StepTransfer(step=transfer.TRANSFER_STEP_COMPLETE),
    ended(AGENT, "OFFER_OVER"),
)

VOICEMAIL: tuple[Message, ...] = (*QUEUED, commands.StartVoicemail())

LEFT: tuple[Message, ...] = (
    *VOICEMAIL,
    voicemail.SilenceHeard(leg_id=CALLER, spoke=True),
    commands.HangUp(reason="VOICEMAIL_LEFT"),
)

CALLBACK: tuple[Message, ...] = (
    *TALKED,
    commands.BookCallback(number="5550100", at=Timestamp(seconds=1_760_086_400)),
)

OUTBOUND: tuple[Message, ...] = (
    *ALERTING,
    commands.AnswerCall(),
    connected(CALLER),
    commands.Enqueue(queue="outreach"),
    commands.AlertAgent(agent_id="nurse-7", reservation_epoch=1),
    commands.MissAgent(reason="NO_ANSWER"),
)

KEPT: tuple[Message, ...] = (
    *ORIGINATING[:3],
    originate.KeepPlace(queue="front-desk", skills=["clinical"], priority=2),
)

CALLED_BACK: tuple[Message, ...] = (
    *KEPT,
    originate.CallParty(),
    originate.PartyAlerted(),
    add(CALLER, leg_pb2.LEG_ROLE_CALLER),
    add_media(CALLER),
    connected(CALLER),
    commands.AnswerCall(),
    commands.Enqueue(queue="front-desk", skills=["clinical"], priority=2),
    commands.AlertAgent(agent_id="nurse-7", reservation_epoch=1),
)

STORIES: dict[str, tuple[Message, ...]] = {
    "done": DONE,
    "bridged": BRIDGED,
    "voicemail": LEFT,
    "callback": CALLBACK,
    "outbound": OUTBOUND,
    "called back": CALLED_BACK,
    "gathered": GATHERED,
    "transferred": TRANSFERRED,
}
