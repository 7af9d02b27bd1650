"""The workflow's commands for one call: fenced by epoch, applied in order, each once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from cordboard.call.v1.facts_pb2 import MediaCommandApplied, MediaCommandRejected
from cordboard.core.errors import ConflictError, CordboardError, NotFoundError, UnimplementedError, WrongStateError
from cordboard.media.v1.command_pb2 import AddLeg, Command, CommandResult
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_COPILOT,
    LEG_TRANSPORT_PCM,
    LEG_TRANSPORT_WEBRTC,
    LegTransport,
)
from cordboard.media_node.leg import Leg, LegHost, LegIdentity
from cordboard.media_node.pcm_port import PcmPort
from cordboard.media_node.recording import Recording
from cordboard.media_node.room import Room
from cordboard.runtime.log_context import bound

LegAnswerer = Callable[[LegIdentity, str, LegHost], Awaitable[tuple[Leg, str]]]
RoomOpener = Callable[[str, str, int], tuple[Room, Recording | None]]
PortOpener = Callable[[LegIdentity, Room], PcmPort]

Answer = CommandResult | CordboardError
_RECORDING_KINDS = frozenset({"start_recording", "pause_recording", "resume_recording", "stop_recording"})


class CallCommands:
    """Applies the commands of one call and remembers the answers.

    A repeat gets the first answer, refusals included (but not failures after which repeating is right). A command
    of an older epoch is refused; a newer epoch begins with create_room, which closes the room of the older one.
    """

    def __init__(self, call_id: str, open_room: RoomOpener, answer_offer: LegAnswerer, open_port: PortOpener) -> None:
        """Make the lane of a call that has no room yet."""
        self.call_id = call_id
        self.room: Room | None = None
        self._recording: Recording | None = None
        self._open_room = open_room
        self._answer_offer = answer_offer
        self._open_port = open_port
        self._epoch = 0
        self._answers: dict[int, tuple[bytes, Answer]] = {}
        self._turn = asyncio.Lock()

    async def apply(self, command: Command) -> CommandResult:
        """Apply a command. Raises what it is refused with, and then nothing has changed."""
        async with self._turn:
            known = self._known(command)
            if known is not None:
                return known
            await self._enter_epoch(command)
            kind = command.WhichOneof("command") or ""
            before = self.room
            answer: Answer
            try:
                answer = await self._act(kind, command)
            except CordboardError as error:
                if error.retryable:
                    raise
                answer = error
            self._answers[command.command_seq] = (_digest(command), answer)
            # A closed room still tells that it was closed.
            self._tell(self.room or before, command, kind, answer)
            if isinstance(answer, CordboardError):
                raise answer
            return answer

    async def abandon(self, room: Room, reason: str) -> None:
        """Close a room that nobody commands any more, unless it is closed or another took its place."""
        async with self._turn:
            if self.room is room:
                self.room = None
                await room.close(reason)

    def open_room(self) -> Room:
        """Give the call's room. Raises NotFoundError(ROOM_NOT_FOUND)."""
        if self.room is None:
            raise NotFoundError("ROOM_NOT_FOUND", "the call has no room here", call_id=self.call_id)
        return self.room

    def _known(self, command: Command) -> CommandResult | None:
        """Give the answer to a repeat; raise for commands that may not be applied now."""
        if command.placement_epoch < self._epoch:
            raise WrongStateError(
                "STALE_EPOCH", "the call was placed anew since", call_id=self.call_id, epoch=str(self._epoch)
            )
        if command.placement_epoch > self._epoch:
            if command.WhichOneof("command") != "create_room":
                raise NotFoundError("ROOM_NOT_FOUND", "an epoch begins with create_room", call_id=self.call_id)
            return None
        remembered = self._answers.get(command.command_seq)
        if remembered is None:
            if command.command_seq != len(self._answers) + 1:
                raise WrongStateError(
                    "COMMAND_OUT_OF_ORDER",
                    "commands before this one are missing",
                    call_id=self.call_id,
                    expected=str(len(self._answers) + 1),
                )
            return None
        digest, answer = remembered
        if digest != _digest(command):
            raise ConflictError("COMMAND_CONFLICT", "the number was used for another command", call_id=self.call_id)
        if isinstance(answer, CordboardError):
            raise answer
        repeated = CommandResult()
        repeated.CopyFrom(answer)
        repeated.repeated = True
        return repeated

    async def _enter_epoch(self, command: Command) -> None:
        if command.placement_epoch == self._epoch:
            return
        if command.command_seq != 1:
            raise WrongStateError(
                "COMMAND_OUT_OF_ORDER", "an epoch's commands begin with 1", call_id=self.call_id, expected="1"
            )
        before, self.room = self.room, None
        self._epoch = command.placement_epoch
        self._answers = {}
        if before is not None:
            await before.close("SUPERSEDED")

    async def _act(self, kind: str, command: Command) -> CommandResult:
        result = CommandResult(command_seq=command.command_seq)
        if kind == "create_room":
            if self.room is None:
                self.room, self._recording = self._open_room(
                    self.call_id, command.create_room.tenant, command.placement_epoch
                )
            return result
        room = self.open_room()
        if kind == "add_leg":
            with bound(leg_id=command.add_leg.leg_id):
                await self._add_leg(room, command.add_leg, result)
        elif kind == "remove_leg":
            room.remove(command.remove_leg.leg_id, command.remove_leg.reason)
        elif kind == "set_routing":
            room.set_routing(command.set_routing.matrix)
        elif kind == "play":
            play = command.play
            room.sounds.play(play.play_id, play.leg_ids, play.sound, loop=play.loop)
        elif kind == "flush":
            room.flush(command.flush.play_id)
        elif kind == "send_dtmf":
            room.press(command.send_dtmf.leg_id, command.send_dtmf.digits)
        elif kind == "await_silence":
            room.await_silence(command.await_silence.leg_id, command.await_silence.quiet.ToMicroseconds())
        elif kind in _RECORDING_KINDS:
            self._steer_recording(kind)
        elif kind == "close_room":
            self.room = None
            await room.close(command.close_room.reason)
        else:
            raise UnimplementedError("UNIMPLEMENTED", "this node cannot do that", kind=kind or "none")
        return result

    def _steer_recording(self, kind: str) -> None:
        if self._recording is None:
            raise UnimplementedError("UNIMPLEMENTED", "this node has nowhere to keep recordings", kind=kind)
        steer: dict[str, Callable[[], None]] = {
            "start_recording": self._recording.start,
            "pause_recording": self._recording.pause,
            "resume_recording": self._recording.resume,
            "stop_recording": self._recording.halt,
        }
        steer[kind]()

    async def _add_leg(self, room: Room, add: AddLeg, result: CommandResult) -> None:
        transport = add.WhichOneof("transport")
        room.check_new(add.leg_id)
        if transport == "webrtc_offer":
            identity = _identity(add, LEG_TRANSPORT_WEBRTC)
            leg, result.sdp_answer = await self._answer_offer(identity, add.webrtc_offer.sdp, room)
        elif transport == "pcm_port":
            port = self._open_port(_identity(add, LEG_TRANSPORT_PCM), room)
            leg, result.leg_token = port, port.token
        else:
            raise UnimplementedError("UNIMPLEMENTED", "this node has no such transport", kind=transport or "none")
        try:
            room.add(leg, replaces=add.replaces_leg_id)
        except BaseException:
            # Nobody else knows of the leg and its sockets.
            await leg.close()
            raise

    def _tell(self, room: Room | None, command: Command, kind: str, answer: Answer) -> None:
        if room is None:
            return
        numbers = {"placement_epoch": command.placement_epoch, "command_seq": command.command_seq}
        if isinstance(answer, CordboardError):
            room.tell(MediaCommandRejected(kind=kind, reason=answer.reason, **numbers))
        else:
            room.tell(MediaCommandApplied(kind=kind, **numbers))


def _identity(add: AddLeg, transport: LegTransport.ValueType) -> LegIdentity:
    return LegIdentity(add.leg_id, add.role, transport, passive=add.role == LEG_ROLE_COPILOT)


def _digest(command: Command) -> bytes:
    return hashlib.sha256(command.SerializeToString(deterministic=True)).digest()
