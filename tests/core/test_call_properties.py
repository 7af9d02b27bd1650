"""What holds for every call whatever is asked of it, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from call_story import (
    AGENT,
    AI,
    ALERTING,
    BRIDGED,
    CALLBACK,
    CALLER,
    CONFERRING,
    CONSULTING,
    ENGAGED,
    GATHERING,
    INTAKE,
    OFFERED,
    ORIGINATING,
    QUEUED,
    RECORDED,
    RINGING,
    SECOND,
    STORIES,
    SUPERVISOR,
    TALKED,
    TRANSFERRING,
    VOICEMAIL,
    Story,
    ended,
)
from google.protobuf import message_factory
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, example, given, settings

from cordboard.call.v1 import call_pb2, decisions_pb2, facts_pb2, script_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1 import gather_pb2 as gather
from cordboard.call.v1 import originate_pb2 as originate
from cordboard.call.v1 import transfer_pb2 as transfer
from cordboard.call.v1 import voicemail_pb2 as voicemail
from cordboard.call.v1.script_pb2 import PinnedScript
from cordboard.core import phases, routing
from cordboard.core.call_state import CallState
from cordboard.core.decide.dispatch import COMMANDS, FACTS
from cordboard.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, WrongStateError
from cordboard.core.event_message import EVENT_FILES
from cordboard.core.evolve import evolve
from cordboard.core.evolve.dispatch import EFFECTS
from cordboard.core.fold import fold
from cordboard.core.phi import is_decision, is_fact, nature_of
from cordboard.core.view import to_view
from cordboard.media.v1 import command_pb2 as media
from cordboard.media.v1 import leg_pb2
from cordboard.options.v1.options_pb2 import NATURE_DECISION

REFUSALS = (WrongStateError, ForbiddenError, InvalidError, NotFoundError, ConflictError)
FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

legs = st.sampled_from([CALLER, AI, AGENT, SUPERVISOR, "leg-e-other", SECOND])
epochs = st.integers(0, 3)
ids = st.sampled_from(["t1", "t2"])
reasons = st.sampled_from(["CALLER_HUNG_UP", "CALLER_VANISHED", "DONE", "AGENT_HUNG_UP", ""])
leg_reasons = st.sampled_from(["CLIENT_CLOSED", "SILENT", "REMOVED", "RELEASED", "LOST", ""])
times = st.builds(Timestamp, seconds=st.integers(0, 3))

media_commands = st.one_of(
    st.builds(lambda: media.Command(create_room=media.CreateRoom())),
    st.builds(
        lambda leg: media.Command(add_leg=media.AddLeg(leg_id=leg, webrtc_offer=media.WebrtcOffer(sdp="v=0"))),
        legs,
    ),
    st.builds(lambda leg: media.Command(remove_leg=media.RemoveLeg(leg_id=leg)), legs),
    st.builds(lambda leg: media.Command(play=media.Play(play_id="p", leg_ids=[leg])), legs),
    st.builds(lambda leg: media.Command(reoffer=media.Reoffer(leg_id=leg)), legs),
    st.sampled_from(
        [
            media.Command(),
            media.Command(set_routing=media.SetRouting()),
            media.Command(start_recording=media.StartRecording()),
            media.Command(pause_recording=media.PauseRecording()),
            media.Command(resume_recording=media.ResumeRecording()),
            media.Command(stop_recording=media.StopRecording()),
            media.Command(close_room=media.CloseRoom()),
        ]
    ),
)

asked = st.one_of(
    st.builds(
        commands.BeginCall,
        call_id=st.just("c"),
        tenant=st.just("t"),
        vertical=st.just("v"),
        direction=st.sampled_from([0, 1, 2]),
    ),
    st.builds(commands.PlaceCall, node_id=st.sampled_from(["", "n1", "n2"]), placement_epoch=epochs),
    st.builds(commands.SendMediaCommand, command=media_commands),
    st.builds(
        commands.SettleMediaCommand,
        command_seq=st.integers(0, 6),
        applied=st.booleans(),
        reason=st.sampled_from(["", "BAD_SDP"]),
        placement_epoch=epochs,
    ),
    st.builds(
        commands.AddLeg,
        leg_id=legs,
        role=st.integers(0, 5),
        transport=st.integers(0, 5),
        party_id=st.sampled_from(["", "nurse-7"]),
        replaces_leg_id=st.one_of(st.just(""), legs),
    ),
    st.builds(commands.HoldLeg, leg_id=legs),
    st.builds(commands.RetrieveLeg, leg_id=legs),
    st.builds(commands.SuperviseLeg, leg_id=legs, mode=st.integers(0, 3)),
    st.builds(commands.RecordConsent, given=st.booleans(), means=st.sampled_from(["", "app"])),
    st.builds(commands.ChangeRecording, state=st.integers(0, 3), reason=st.sampled_from(["", "PAYMENT"])),
    st.builds(commands.PinProfile, name=st.just("p"), version=ids, digest=st.just(b"d")),
    st.builds(commands.EngageAi, leg_id=legs, profile=st.sampled_from(["", "front-desk-intake"])),
    st.builds(commands.ReleaseAi, outcome=st.integers(0, 7)),
    st.builds(
        commands.SettleToolCall,
        tool_call_id=ids,
        outcome=st.sampled_from(["ok", "failed", "unknown", "?"]),
        attempts=st.integers(0, 2),
    ),
    st.builds(commands.Escalate, reason=st.sampled_from(["", "APP"])),
    st.builds(commands.Enqueue, queue=st.sampled_from(["", "front-desk", "billing"])),
    st.builds(commands.NoteQueuePosition, position=st.integers(0, 3)),
    st.builds(commands.AlertAgent, agent_id=st.sampled_from(["nurse-7", "nurse-8"]), reservation_epoch=epochs),
    st.builds(commands.MissAgent, reason=st.sampled_from(["", "NO_ANSWER"])),
    st.builds(commands.ConnectAgent, leg_id=legs),
    st.builds(
        gather.StartGather, most_digits=st.sampled_from([0, 1, 2, 65]), terminators=st.sampled_from(["", "#", "x"])
    ),
    st.builds(
        transfer.StartTransfer,
        queue=st.sampled_from(["", "billing"]),
        agent_id=st.sampled_from(["", "nurse-7", "nurse-8"]),
        consult=st.booleans(),
    ),
    st.builds(originate.KeepPlace, queue=st.sampled_from(["", "billing"])),
    st.builds(originate.CallParty),
    st.builds(transfer.HandBack),
    st.builds(transfer.StepTransfer, step=st.integers(0, 3)),
    st.builds(voicemail.EndVoicemail, reason=st.sampled_from(["", "TIMED_OUT"])),
    st.builds(gather.EndGather, reason=st.sampled_from(["", "TIMED_OUT"])),
    st.builds(commands.BookCallback, number=st.just("1"), at=times),
    st.builds(commands.SetTimer, timer_id=ids, due_at=times),
    st.builds(commands.FireTimer, timer_id=ids),
    st.builds(commands.CancelTimer, timer_id=ids),
    st.builds(commands.HangUp, reason=reasons),
    st.builds(commands.FailCall, reason=st.sampled_from(["", "NO_NODE"])),
    st.builds(commands.CancelCall, by=st.sampled_from(["", "app/1"])),
    st.sampled_from(
        [
            commands.AlertCall(),
            commands.AnswerCall(),
            commands.AskConsent(),
            commands.StartVoicemail(),
            commands.CompleteCall(),
        ]
    ),
)

seen = st.one_of(
    st.builds(
        facts_pb2.LegStateChanged,
        leg_id=legs,
        state=st.integers(0, 5),
        reason=leg_reasons,
        placement_epoch=epochs,
    ),
    st.builds(facts_pb2.VoicePortChanged, leg_id=legs, attached=st.booleans(), reason=leg_reasons),
    st.builds(facts_pb2.ConsentAnswered, given=st.booleans()),
    st.builds(facts_pb2.SlotsFilled, slots=st.builds(call_pb2.Slots, name=st.sampled_from(["", "Ada", "Bo"]))),
    st.builds(facts_pb2.ToolCallRequested, tool_call_id=ids, name=st.just("find_slot")),
    st.builds(
        facts_pb2.ConversationEnded,
        outcome=st.integers(0, 7),
        leg_id=st.sampled_from(["", AI, "leg-e-other"]),
    ),
    st.builds(
        facts_pb2.AgentAnsweredOffer,
        agent_id=st.sampled_from(["nurse-7", "nurse-8"]),
        reservation_epoch=epochs,
        accepted=st.booleans(),
    ),
    st.builds(facts_pb2.DtmfReceived, leg_id=legs, digit=st.sampled_from(["", "5", "#", "x"]), press=st.integers(0, 3)),
    st.builds(originate.PartyAlerted),
    st.builds(originate.PartyDeclined, reason=st.sampled_from(["", "BUSY"])),
    st.builds(voicemail.SilenceHeard, leg_id=legs, spoke=st.booleans()),
    st.builds(facts_pb2.EngineVersionsReported, versions=st.just({"asr": "1"})),
    st.builds(facts_pb2.PlayoutStarted, leg_id=legs),
)

beginnings = st.sampled_from(
    [
        (),
        OFFERED,
        ORIGINATING,
        ALERTING,
        INTAKE,
        ENGAGED,
        RECORDED,
        TALKED,
        QUEUED,
        RINGING,
        BRIDGED,
        TRANSFERRING,
        CONSULTING,
        CONFERRING,
        VOICEMAIL,
        CALLBACK,
        GATHERING,
    ]
)


TOO_LATE = {"", "WRONG_PHASE", "CALL_OVER", "LEG_NOT_FOUND", "LEG_OVER", "NOT_PLACED", "TOOL_CALL_NOT_FOUND"}


def refusal_of(story: Story, message: Message) -> str:
    """Say a message; the reason when it is refused, and nothing when it is not."""
    try:
        story.say(message)
    except REFUSALS as refusal:
        return refusal.reason
    return ""


def check_log(log: Sequence[tuple[Message, int]]) -> None:
    """Everything that the log of a call may be held to, by itself."""
    phase: call_pb2.Phase.ValueType = call_pb2.PHASE_UNSPECIFIED
    consent = recorded = False
    epoch = command_seq = 0
    for event, _ in log:
        assert is_decision(event)
        after = phases.PHASE_AFTER.get(type(event))
        if after is not None:
            assert phases.may_follow(phase, after), (phase, after)
            phase = after
        if isinstance(event, decisions_pb2.ConsentRecorded):
            consent = event.given
        if isinstance(event, decisions_pb2.RecordingStarted | decisions_pb2.RecordingResumed):
            assert consent
        if isinstance(event, decisions_pb2.RecordingStarted | decisions_pb2.RecordingResumed):
            recorded = True
        if isinstance(event, decisions_pb2.RecordingStopped | decisions_pb2.RecordingPaused):
            recorded = False
        if isinstance(event, decisions_pb2.VoicemailStarted):
            assert recorded
        if isinstance(event, decisions_pb2.NodePlaced):
            assert event.placement_epoch > epoch
            epoch, command_seq = event.placement_epoch, 0
        if isinstance(event, decisions_pb2.MediaCommandRequested):
            command_seq += 1
            assert (event.command.placement_epoch, event.command.command_seq) == (epoch, command_seq)
            if event.command.WhichOneof("command") in ("start_recording", "resume_recording"):
                assert consent


def check_state(story: Story) -> None:
    """Everything that a state may be held to, by itself and against its log."""
    state = fold(story.log)
    assert state == story.state
    if state is None:
        return
    assert state.decisions == len(story.log)
    assert routing.is_same(routing.due_routing(state), state.routing)
    if state.recording in (call_pb2.RECORDING_STATE_ON, call_pb2.RECORDING_STATE_PAUSED):
        assert state.consent == call_pb2.CONSENT_GIVEN
    check_transfer(state)
    if state.is_over:
        assert not state.ai_engaged
        assert state.gather is None or not state.gather.running
        assert state.voicemail is None or state.voicemail.reason
        assert not state.timers
        assert not state.living_legs()
        assert state.ended_at_us
    assert to_view(state, phi=True).decisions == len(story.log)


def check_transfer(state: CallState) -> None:
    """Only the two agents whom the state knows take part, and a consultation is heard by no caller."""
    known = {state.offer.leg_id} if state.offer is not None else set()
    if state.transfer is not None:
        assert state.phase in (call_pb2.PHASE_QUEUED, call_pb2.PHASE_AGENT_ALERTING, call_pb2.PHASE_AGENT_CONNECTED)
        known.add(state.transfer.first.leg_id)
    humans = [leg for leg in state.living_legs(leg_pb2.LEG_ROLE_HUMAN_AGENT) if leg.bridged]
    assert not humans or state.phase not in phases.OPEN or {leg.leg_id for leg in humans} <= known


@FEW
@given(beginnings, st.lists(st.one_of(asked, seen), max_size=30))
def test_no_sequence_of_messages_leads_to_an_illegal_log(
    beginning: tuple[Message, ...], messages: list[Message]
) -> None:
    story = Story(beginning)
    for message in messages:
        before = story.state
        if refusal_of(story, message):
            assert not is_fact(message)
            assert story.state is before
        check_state(story)
    check_log(story.log)


@FEW
@given(beginnings, st.lists(st.one_of(asked, seen), max_size=30))
def test_whatever_is_asked_a_leg_is_only_ever_replaced_by_its_own_party(
    beginning: tuple[Message, ...], messages: list[Message]
) -> None:
    story = Story(beginning)
    for message in messages:
        refusal_of(story, message)
    added = {event.leg_id: event for event, _ in story.log if isinstance(event, decisions_pb2.LegAdded)}
    for leg in added.values():
        if leg.replaces_leg_id:
            replaced = added[leg.replaces_leg_id]
            assert (leg.role, leg.party_id) == (replaced.role, replaced.party_id)


@FEW
@given(beginnings, st.lists(seen, max_size=20))
def test_a_fact_told_twice_in_a_row_changes_nothing_the_second_time(
    beginning: tuple[Message, ...], told: list[Message]
) -> None:
    story = Story(beginning)
    for fact in told:
        story.say(fact)
        assert story.say(fact) == ()


# Facts about what can change more than once carry the whole of it each time, and have an order of their own.
ONCE = (
    facts_pb2.LegStateChanged,
    facts_pb2.ConsentAnswered,
    facts_pb2.ToolCallRequested,
    facts_pb2.AgentAnsweredOffer,
    facts_pb2.ConversationEnded,
    facts_pb2.DtmfReceived,
)


@FEW
@given(st.sampled_from(sorted(STORIES)), st.data())
def test_facts_that_come_late_and_repeatedly_change_nothing(name: str, data: st.DataObject) -> None:
    plain = Story(STORIES[name])
    story = Story()
    past: list[Message] = []
    for message in STORIES[name]:
        story.say(message)
        if isinstance(message, ONCE):
            past.append(message)
        for fact in data.draw(st.lists(st.sampled_from(past), max_size=3)) if past else ():
            assert story.say(fact) == ()
    assert story.log == plain.log


ENDINGS: dict[str, Message] = {
    "caller hangs up": commands.HangUp(reason="CALLER_HUNG_UP"),
    "caller vanishes": commands.HangUp(reason="CALLER_VANISHED"),
    "script ends it": commands.HangUp(reason="DONE"),
    "app cancels it": commands.CancelCall(by="app/1", reason="OPERATOR"),
    "it fails": commands.FailCall(reason="MEDIA_LOST"),
    "caller's leg closes": ended(CALLER),
}


@pytest.mark.parametrize("ending", sorted(ENDINGS))
@pytest.mark.parametrize("name", sorted(STORIES))
def test_an_end_at_every_point_of_a_call_leads_to_a_legal_final_phase(name: str, ending: str) -> None:
    messages = STORIES[name]
    for point in range(1, len(messages) + 1):
        story = Story(messages[:point])
        before = story.now
        story.say(ENDINGS[ending])
        if ending == "caller's leg closes" and before.leg(CALLER) is None:
            assert story.now == before
            continue
        assert story.now.phase not in phases.OPEN
        if story.now.phase == call_pb2.PHASE_WRAPPING_UP:
            story.say(commands.CompleteCall())
        assert story.now.is_over
        check_state(story)
        check_log(story.log)
        over = len(story.log)
        for message in messages[point:]:
            if is_fact(message):
                assert story.say(message) == ()
        assert len(story.log) == over


@FEW
@given(st.sampled_from(sorted(STORIES)), st.sampled_from(sorted(ENDINGS)), st.data())
def test_a_hang_up_races_with_everything_that_was_under_way(name: str, ending: str, data: st.DataObject) -> None:
    messages = STORIES[name]
    point = data.draw(st.integers(1, len(messages)))
    story = Story(messages[:point])
    story.say(ENDINGS[ending])
    for message in data.draw(st.permutations(messages[point:])):
        refusal = refusal_of(story, message)
        assert not (refusal and is_fact(message))
        assert story.now.phase in phases.OPEN or refusal in TOO_LATE
    check_state(story)
    check_log(story.log)


EVENTS: list[type[Message]] = [
    message_factory.GetMessageClass(descriptor)
    for file in EVENT_FILES
    for descriptor in file.message_types_by_name.values()
    if nature_of(descriptor) == NATURE_DECISION
]


def any_event(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Any message of a type that a wire could carry: unknown enum values and ids included."""
    return st.binary(max_size=24).map(lambda data: parse(kind, data))


def parse(kind: type[Message], data: bytes) -> Message:
    event = kind()
    for field in event.DESCRIPTOR.fields:
        if field.type == field.TYPE_STRING and not field.is_repeated and data[:1] > b"\x40":
            setattr(event, field.name, [CALLER, AI, AGENT, "t1", "x"][data[0] % 5])
        elif field.type in (field.TYPE_ENUM, field.TYPE_UINT32, field.TYPE_UINT64) and data:
            setattr(event, field.name, data[-1])
    return event


@FEW
@given(
    beginnings,
    st.lists(st.sampled_from(EVENTS).flatmap(any_event), max_size=12),
)
@example((), [decisions_pb2.LegHeld(leg_id="x")])
def test_evolve_gives_a_state_for_any_event_on_any_state(beginning: tuple[Message, ...], events: list[Message]) -> None:
    state = Story(beginning).state
    count = state.decisions if state is not None else 0
    for event in events:
        state = evolve(state, event, 7)
        count += 1
        assert state.decisions == count
        assert to_view(state, phi=False).decisions == count


def test_every_command_and_every_consumed_fact_has_a_decider() -> None:
    known = {command.DESCRIPTOR.full_name for command in COMMANDS} | {"cordboard.call.v1.BeginCall"}
    files = (
        commands.DESCRIPTOR,
        gather.DESCRIPTOR,
        script_pb2.DESCRIPTOR,
        voicemail.DESCRIPTOR,
        transfer.DESCRIPTOR,
        originate.DESCRIPTOR,
    )
    declared = {one.full_name for file in files for one in file.message_types_by_name.values() if not nature_of(one)}
    assert known == declared - {PinnedScript.DESCRIPTOR.full_name}
    assert all(is_fact(kind()) for kind in FACTS)


def test_every_decision_event_has_an_effect_or_a_phase() -> None:
    silent = {kind for kind in EVENTS if kind not in EFFECTS and kind not in phases.PHASE_AFTER}
    assert silent == set()


def test_leg_states_and_roles_of_the_contract_are_all_known_to_the_strategies() -> None:
    assert max(leg_pb2.LegRole.values()) == 5
    assert max(leg_pb2.LegState.values()) == 5
