"""The workflow's commands: epochs, order, repeats, refusals."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from media_far_ends import BrowserFarEnd, RecordingHost, packets
from media_house import CALL, NodeHouse

from cordboard.call.v1.facts_pb2 import CaptureEnded, MediaCommandApplied, MediaCommandRejected, PlayoutEnded
from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    InvalidError,
    NotFoundError,
    UnimplementedError,
    WrongStateError,
)
from cordboard.media.v1.capture_pb2 import CaptureSegment
from cordboard.media.v1.command_pb2 import (
    AddLeg,
    CloseRoom,
    Command,
    CreateRoom,
    Flush,
    PauseRecording,
    PcmPort,
    Play,
    RemoveLeg,
    Reoffer,
    SipDial,
    StartRecording,
    StopRecording,
    WebrtcOffer,
)
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER, LEG_TRANSPORT_WEBRTC
from cordboard.media_node.clock import LoopClock
from cordboard.media_node.leg import Leg, LegHost, LegIdentity
from cordboard.media_node.memory_leg import MemoryLeg
from cordboard.media_node.randomness import SeededRandomness
from cordboard.media_node.webrtc.addresses import LOOPBACK
from cordboard.media_node.webrtc.factory import WebRtcLegs
from cordboard.media_node.webrtc.ice import open_socket
from cordboard.runtime.log_context import bound_ids


@pytest.fixture
async def house() -> AsyncIterator[NodeHouse]:
    house = NodeHouse()
    yield house
    await house.close()


def rejected(house: NodeHouse) -> list[str]:
    events = [fact.event for fact in house.facts.facts]
    return [event.reason for event in events if isinstance(event, MediaCommandRejected)]


async def test_applied_commands_are_told_with_their_kind(house: NodeHouse) -> None:
    await house.open_room()
    await house.route()
    await house.apply(Command(close_room=CloseRoom(reason="DONE")))
    applied = [fact.event for fact in house.facts.facts if isinstance(fact.event, MediaCommandApplied)]
    assert [(event.command_seq, event.kind) for event in applied] == [
        (1, "create_room"),
        (2, "set_routing"),
        (3, "close_room"),
    ]


async def test_a_repeat_gets_the_first_answer_and_does_nothing(house: NodeHouse) -> None:
    await house.open_room()
    command = house.next(Command(add_leg=AddLeg(leg_id="ai", role=LEG_ROLE_AI_AGENT, pcm_port=PcmPort())))
    first = await house.node.apply(command)
    again = await house.node.apply(command)
    assert not first.repeated
    assert again.repeated
    assert again.leg_token == first.leg_token
    assert len(house.facts.facts) == 2


async def test_a_repeated_offer_gets_the_same_sdp(house: NodeHouse) -> None:
    await house.open_room()
    browser = BrowserFarEnd()
    add = AddLeg(leg_id="caller", role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp=await browser.offer()))
    command = house.next(Command(add_leg=add))
    assert (await house.node.apply(command)).sdp_answer == (await house.node.apply(command)).sdp_answer
    await browser.close()


async def test_a_repeated_refusal_is_refused_alike(house: NodeHouse) -> None:
    await house.open_room()
    command = house.next(Command(remove_leg=RemoveLeg(leg_id="nobody")))
    for _ in range(2):
        with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
            await house.node.apply(command)
    assert rejected(house) == ["LEG_NOT_FOUND"]


async def test_a_number_cannot_be_used_for_another_command(house: NodeHouse) -> None:
    await house.open_room()
    house.seq = 0
    with pytest.raises(ConflictError, match="COMMAND_CONFLICT"):
        await house.apply(Command(create_room=CreateRoom(tenant="another")))


async def test_a_command_before_its_turn_is_refused_and_can_come_later(house: NodeHouse) -> None:
    await house.open_room()
    early = Command(call_id=CALL, placement_epoch=1, command_seq=3, remove_leg=RemoveLeg(leg_id="ai"))
    with pytest.raises(WrongStateError, match="COMMAND_OUT_OF_ORDER"):
        await house.node.apply(early)
    await house.add_port()
    assert not (await house.node.apply(early)).repeated


async def test_an_older_epoch_is_refused(house: NodeHouse) -> None:
    house.epoch = 5
    await house.open_room()
    house.epoch = 4
    with pytest.raises(WrongStateError, match="STALE_EPOCH"):
        await house.route()


async def test_a_newer_epoch_begins_with_a_fresh_room(house: NodeHouse) -> None:
    await house.open_room()
    await house.add_port()
    house.epoch, house.seq = 2, 0
    await house.open_room()
    assert house.node.room(CALL).legs() == ()
    assert len(house.node.rooms()) == 1


async def test_a_newer_epoch_that_begins_with_anything_else_is_refused(house: NodeHouse) -> None:
    await house.open_room()
    house.epoch, house.seq = 2, 0
    with pytest.raises(NotFoundError, match="ROOM_NOT_FOUND"):
        await house.route()
    assert house.node.room(CALL).placement_epoch == 1


async def test_an_epoch_stays_fenced_after_its_room_is_closed(house: NodeHouse) -> None:
    house.epoch = 2
    await house.open_room()
    close = house.next(Command(close_room=CloseRoom(reason="DONE")))
    await house.node.apply(close)
    assert (await house.node.apply(close)).repeated
    house.epoch, house.seq = 1, 0
    with pytest.raises(WrongStateError, match="STALE_EPOCH"):
        await house.open_room()
    assert house.node.rooms() == []


async def test_a_command_for_an_unknown_call_is_refused(house: NodeHouse) -> None:
    with pytest.raises(NotFoundError, match="ROOM_NOT_FOUND"):
        await house.route()


@pytest.mark.parametrize("missing", ["call_id", "placement_epoch", "command_seq"])
async def test_a_command_without_its_numbers_is_refused(house: NodeHouse, missing: str) -> None:
    command = Command(call_id=CALL, placement_epoch=1, command_seq=1, create_room=CreateRoom(tenant="clinic"))
    command.ClearField(missing)  # type: ignore[arg-type]
    with pytest.raises(InvalidError, match="COMMAND_INVALID"):
        await house.node.apply(command)


@pytest.mark.parametrize(
    "command",
    [
        Command(reoffer=Reoffer(leg_id="caller", sdp="v=0")),
        Command(start_recording=StartRecording()),
        Command(add_leg=AddLeg(leg_id="trunk", sip_dial=SipDial(uri="sip:x"))),
        Command(add_leg=AddLeg(leg_id="none")),
        Command(),
    ],
    ids=["reoffer", "start_recording without a store", "sip_dial", "no_transport", "empty"],
)
async def test_what_the_node_cannot_do_is_unimplemented_and_the_next_command_is_taken(
    house: NodeHouse, command: Command
) -> None:
    await house.open_room()
    with pytest.raises(UnimplementedError, match="UNIMPLEMENTED"):
        await house.apply(command)
    await house.route()
    assert rejected(house) == ["UNIMPLEMENTED"]


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (Play(play_id="p", leg_ids=["caller"], sound="whale_song"), "SOUND_NOT_FOUND"),
        (Play(play_id="p", sound="hold_music"), "PLAY_INVALID"),
        (Play(leg_ids=["caller"], sound="hold_music"), "PLAY_INVALID"),
    ],
)
async def test_a_play_of_nothing_or_to_nobody_is_refused(house: NodeHouse, play: Play, reason: str) -> None:
    await house.open_room()
    with pytest.raises(CordboardError, match=reason):
        await house.apply(Command(play=play))
    assert rejected(house) == [reason]


async def test_a_browser_on_hold_hears_music_until_it_is_flushed(house: NodeHouse) -> None:
    await house.open_room()
    browser = BrowserFarEnd()
    await house.add_browser("caller", browser)
    await house.apply(Command(play=Play(play_id="p1", leg_ids=["caller"], sound="hold_music", loop=True)))
    heard = await browser.heard(10)
    assert [packet.sequence for packet in heard] == [heard[0].sequence + n for n in range(len(heard))]
    await house.apply(Command(flush=Flush(play_id="p1")))
    ends = [fact.event for fact in house.facts.facts if isinstance(fact.event, PlayoutEnded)]
    assert [(event.play_id, event.leg_id, event.flushed) for event in ends] == [("p1", "caller", True)]
    await browser.close()


async def test_a_bad_offer_adds_no_leg(house: NodeHouse) -> None:
    await house.open_room()
    with pytest.raises(InvalidError, match="BAD_SDP"):
        await house.apply(Command(add_leg=AddLeg(leg_id="caller", webrtc_offer=WebrtcOffer(sdp="v=0\r\nm=nonsense"))))
    assert house.node.room(CALL).legs() == ()


async def test_a_draining_node_takes_no_new_rooms_and_keeps_those_it_has(house: NodeHouse) -> None:
    await house.open_room()
    assert await house.node.drain(0) == 1
    await house.route()
    with pytest.raises(WrongStateError, match="NODE_DRAINING"):
        await house.node.apply(
            Command(call_id="call-2", placement_epoch=1, command_seq=1, create_room=CreateRoom(tenant="clinic"))
        )


async def test_draining_ends_with_the_last_room(house: NodeHouse) -> None:
    await house.open_room()
    await house.apply(Command(close_room=CloseRoom(reason="DONE")))
    assert await house.node.drain(10) == 0


class ListedSegments:
    def __init__(self) -> None:
        self.segments: list[CaptureSegment] = []
        self.ends: list[CaptureEnded] = []

    def end(self, call_id: str, ended: CaptureEnded, media_us: int) -> None:
        self.ends.append(ended)

    def store(self, tenant: str, segment: CaptureSegment) -> None:
        self.segments.append(segment)


async def test_recording_is_started_paused_and_stopped_by_command() -> None:
    sink = ListedSegments()
    house = NodeHouse(segments=sink)
    await house.open_room()
    browser = BrowserFarEnd()
    await house.add_browser("caller", browser)
    await house.apply(Command(start_recording=StartRecording()))
    await browser.speak(packets(5))
    await house.until_received("caller", 5)
    await house.apply(Command(pause_recording=PauseRecording()))
    await browser.speak(packets(5, first=105))
    await house.until_received("caller", 10)
    await house.apply(Command(stop_recording=StopRecording()))
    assert [packet.sequence for segment in sink.segments for packet in segment.packets] == list(range(100, 105))
    await browser.close()
    await house.close()


async def test_a_recording_that_does_not_run_cannot_be_paused() -> None:
    house = NodeHouse(segments=ListedSegments())
    await house.open_room()
    with pytest.raises(WrongStateError, match="NOT_RECORDING"):
        await house.apply(Command(pause_recording=PauseRecording()))
    await house.close()


async def test_a_leg_that_the_room_does_not_take_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    house = NodeHouse()
    await house.open_room()
    made: list[MemoryLeg] = []

    class Unwilling(MemoryLeg):
        def start(self) -> None:
            raise ConflictError("LEG_EXISTS", "no")

    async def answer(identity: LegIdentity, sdp: str, host: LegHost) -> tuple[Leg, str]:
        made.append(Unwilling(identity, host, LoopClock(), []))
        return made[-1], "answer"

    monkeypatch.setattr(house.node._calls[CALL], "_answer_offer", answer)
    add = AddLeg(leg_id="caller", role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp="offer"))
    with pytest.raises(ConflictError):
        await house.apply(Command(add_leg=add))
    assert made[0].closed
    await house.close()


async def test_a_command_that_is_given_up_leaves_no_socket_bound() -> None:
    bound: list[Any] = []
    hangs = asyncio.Event()

    async def sockets(protocol: Callable[[], asyncio.DatagramProtocol], address: str) -> Any:
        if bound:
            hangs.set()
            await asyncio.Event().wait()
        bound.append(await open_socket(protocol, address))
        return bound[-1]

    legs = WebRtcLegs(LoopClock(), SeededRandomness(1), [LOOPBACK, LOOPBACK], sockets)
    browser = BrowserFarEnd()
    identity = LegIdentity("caller", LEG_ROLE_CALLER, LEG_TRANSPORT_WEBRTC)
    answering = asyncio.create_task(legs.answer(identity, await browser.offer(), RecordingHost()))
    await asyncio.wait_for(hangs.wait(), 10)
    answering.cancel()
    await asyncio.wait([answering])
    assert bound[0].transport.is_closing()
    await browser.close()


async def test_a_room_that_was_closed_because_nobody_was_in_it_is_made_again(house: NodeHouse) -> None:
    await house.open_room()
    room = house.node.room(CALL)
    await house.node._calls[CALL].abandon(room, "ROOM_ORPHANED")
    await house.open_room()
    assert house.node.room(CALL) is not room
    await house.add_port()


async def test_what_a_leg_logs_carries_its_id(house: NodeHouse) -> None:
    seen: list[dict[str, str]] = []

    async def answer(identity: LegIdentity, sdp: str, host: LegHost) -> tuple[Leg, str]:
        seen.append(dict(bound_ids()))
        return MemoryLeg(identity, host, LoopClock(), ()), "v=0"

    await house.open_room()
    house.node._calls[CALL]._answer_offer = answer
    offer = AddLeg(leg_id="caller-0123456789ab", role=LEG_ROLE_CALLER, webrtc_offer=WebrtcOffer(sdp="v=0"))
    await house.apply(Command(add_leg=offer))
    assert seen == [{"leg_id": "caller-0123456789ab"}]
    assert not bound_ids()
