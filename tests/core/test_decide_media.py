"""Commands to the media node: numbered, filled in, guarded, settled."""

from __future__ import annotations

import pytest
from call_story import (
    AGENT,
    AI,
    CALL,
    CALLER,
    DONE,
    ENGAGED,
    INTAKE,
    OFFERED,
    RECORDED,
    Story,
    add,
    add_media,
    begin,
    names,
    send,
    settle,
)

from cordboard.call.v1 import call_pb2
from cordboard.call.v1 import commands_pb2 as commands
from cordboard.call.v1.decisions_pb2 import MediaCommandRequested
from cordboard.core.errors import CordboardError, InvalidError, NotFoundError, WrongStateError
from cordboard.media.v1 import command_pb2 as media
from cordboard.media.v1 import leg_pb2


def requested(story: Story, command: commands.SendMediaCommand) -> media.Command:
    (event,) = story.say(command)
    assert isinstance(event, MediaCommandRequested)
    return event.command


def test_a_command_is_filled_in_and_numbered_without_gaps() -> None:
    story = Story(OFFERED[:2])
    first = requested(story, send(create_room=media.CreateRoom()))
    assert (first.call_id, first.placement_epoch, first.command_seq) == (CALL, 1, 1)
    assert first.create_room.tenant == "clinic"
    story.say(add(CALLER, leg_pb2.LEG_ROLE_CALLER))
    second = requested(story, add_media(CALLER, "v=0 offer"))
    assert second.command_seq == 2
    assert second.add_leg.role == leg_pb2.LEG_ROLE_CALLER
    assert second.add_leg.webrtc_offer.sdp == "v=0 offer"


def test_the_matrix_in_force_is_filled_into_a_routing_command() -> None:
    story = Story(ENGAGED)
    command = requested(story, send(set_routing=media.SetRouting()))
    rows = {row.leg_id: list(row.hears) for row in command.set_routing.matrix.rows}
    assert rows == {CALLER: [AI], AI: [CALLER]}
    assert requested(story, commands.SendMediaCommand(command=media.Command(set_routing=command.set_routing)))


def test_another_matrix_than_the_one_decided_is_refused() -> None:
    row = leg_pb2.Listening(leg_id=CALLER, hears=[CALLER])
    other = media.SetRouting(matrix=leg_pb2.RoutingMatrix(rows=[row]))
    with pytest.raises(InvalidError, match="ROUTING_DIFFERS"):
        Story(ENGAGED).say(send(set_routing=other))


@pytest.mark.parametrize(
    ("command", "kind", "reason"),
    [
        (send(), InvalidError, "FIELD_MISSING"),
        (add_media("leg-x"), NotFoundError, "LEG_NOT_FOUND"),
        (send(remove_leg=media.RemoveLeg(leg_id="leg-x")), NotFoundError, "LEG_NOT_FOUND"),
        (send(reoffer=media.Reoffer(leg_id="leg-x")), NotFoundError, "LEG_NOT_FOUND"),
        (send(send_dtmf=media.SendDtmf(leg_id="leg-x")), NotFoundError, "LEG_NOT_FOUND"),
        (send(play=media.Play(play_id="p", leg_ids=["leg-x"])), NotFoundError, "LEG_NOT_FOUND"),
        (send(start_recording=media.StartRecording()), WrongStateError, "CONSENT_MISSING"),
        (send(resume_recording=media.ResumeRecording()), WrongStateError, "CONSENT_MISSING"),
        (
            send(add_leg=media.AddLeg(leg_id=CALLER, role=leg_pb2.LEG_ROLE_AI_AGENT)),
            InvalidError,
            "WRONG_ROLE",
        ),
        (
            commands.SendMediaCommand(command=media.Command(placement_epoch=7, flush=media.Flush(play_id="p"))),
            WrongStateError,
            "STALE_EPOCH",
        ),
    ],
)
def test_a_command_that_the_state_does_not_allow_is_refused(
    command: commands.SendMediaCommand, kind: type[CordboardError], reason: str
) -> None:
    story = Story(INTAKE)
    with pytest.raises(kind) as refusal:
        story.say(command)
    assert refusal.value.reason == reason


def test_nothing_is_sent_before_a_placement() -> None:
    with pytest.raises(WrongStateError, match="NOT_PLACED"):
        Story([begin()]).say(send(create_room=media.CreateRoom()))


def test_after_the_end_only_tidying_goes_to_the_node() -> None:
    story = Story((*OFFERED, commands.HangUp(reason="CALLER_HUNG_UP")))
    with pytest.raises(WrongStateError, match="CALL_OVER"):
        story.say(send(create_room=media.CreateRoom()))
    command = requested(story, send(close_room=media.CloseRoom(reason="CALLER_HUNG_UP")))
    assert command.command_seq == 3
    assert names(story.say(settle(3))) == ["MediaCommandSettled"]
    assert story.now.phase == call_pb2.PHASE_ABANDONED


def test_a_command_is_settled_once() -> None:
    assert Story(OFFERED).now.pending_commands == ()
    story = Story(OFFERED)
    story.say(send(flush=media.Flush(play_id="p")))
    assert [(one.command_seq, one.kind) for one in story.now.pending_commands] == [(3, "flush")]
    assert names(story.say(settle(3))) == ["MediaCommandSettled"]
    assert story.say(settle(3)) == ()
    assert story.say(settle(99)) == ()


def test_an_answer_to_a_command_of_an_earlier_placement_settles_nothing() -> None:
    story = Story((*OFFERED, commands.PlaceCall(node_id="media-node-2", placement_epoch=2)))
    story.say(send(create_room=media.CreateRoom()))
    late = settle(1)
    late.placement_epoch = 1
    assert story.say(late) == ()
    assert len(story.now.pending_commands) == 1


def test_a_refused_recording_did_not_start() -> None:
    story = Story(RECORDED)
    seq = story.now.command_seq
    events = story.say(settle(seq, applied=False, reason="UNIMPLEMENTED"))
    assert names(events) == ["MediaCommandSettled", "RecordingStopped"]
    assert story.now.recording == call_pb2.RECORDING_STATE_OFF


def test_a_refused_offer_of_the_caller_fails_the_call() -> None:
    story = Story(OFFERED[:5])
    events = story.say(settle(2, applied=False, reason="BAD_SDP"))
    assert names(events) == ["MediaCommandSettled", "LegStateTaken", "CallFailed"]
    assert story.now.end_reason == "BAD_SDP"


def test_a_refused_leg_of_somebody_else_fails_alone() -> None:
    story = Story((*INTAKE, add(AGENT, leg_pb2.LEG_ROLE_HUMAN_AGENT), add_media(AGENT)))
    events = story.say(settle(3, applied=False, reason="BAD_SDP"))
    assert names(events) == ["MediaCommandSettled", "LegStateTaken"]
    assert story.now.phase == call_pb2.PHASE_INTAKE


def test_a_completed_call_has_no_room_to_open() -> None:
    with pytest.raises(WrongStateError, match="CALL_OVER"):
        Story(DONE).say(send(create_room=media.CreateRoom()))
