"""Media nodes kept in memory: the twin that tests of the calls' activities run against."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cordboard.core.errors import CordboardError, InvalidError, NotFoundError, UnavailableError, WrongStateError
from cordboard.media.v1.command_pb2 import Command, CommandResult
from cordboard.media.v1.media_node_service_pb2 import ApplyBatchRequest, CommandAnswer


@dataclass(slots=True)
class MemoryRoom:
    """One call on a node: what it was told, and what it answered."""

    placement_epoch: int
    commands: list[Command] = field(default_factory=list)
    answers: dict[int, CommandResult | CordboardError] = field(default_factory=dict)
    legs: set[str] = field(default_factory=set)
    made: bool = False
    open: bool = True

    @property
    def kinds(self) -> list[str]:
        """The kinds of the commands in order, repeats left out."""
        return [command.WhichOneof("command") or "" for command in self.commands]


class MemoryMediaNodes:
    """Nodes that keep the promises of MediaNodeService.ApplyBatch without any media.

    `away` holds the addresses that do not answer, `refused` the reason by kind of command that is refused.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, MemoryRoom] = {}
        self.away: set[str] = set()
        self.refused: dict[str, str] = {}

    async def apply(self, address: str, request: ApplyBatchRequest) -> Sequence[CommandAnswer]:
        """Carry out commands; see MediaNodes.apply."""
        if address in self.away:
            raise UnavailableError("PEER_AWAY", "the node does not answer")
        answers: list[CommandAnswer] = []
        for command in request.commands:
            answer = CommandAnswer(command_seq=command.command_seq)
            try:
                answer.result.CopyFrom(self._apply(command))
                answer.applied = True
            except CordboardError as error:
                if error.retryable:
                    raise
                answer.reason = error.reason
            answers.append(answer)
        return answers

    def _apply(self, command: Command) -> CommandResult:
        room = self.rooms.get(command.call_id)
        if room is None or room.placement_epoch < command.placement_epoch:
            room = self.rooms[command.call_id] = MemoryRoom(command.placement_epoch)
        if command.placement_epoch < room.placement_epoch:
            raise WrongStateError("STALE_EPOCH", "the call was placed anew")
        known = room.answers.get(command.command_seq)
        if known is None:
            if command.command_seq != len(room.commands) + 1:
                raise WrongStateError("COMMAND_OUT_OF_ORDER", "a command was left out")
            room.commands.append(command)
            known = room.answers[command.command_seq] = self._answer(room, command)
            if isinstance(known, CommandResult):
                return known
        if isinstance(known, CordboardError):
            raise known
        repeated = CommandResult()
        repeated.CopyFrom(known)
        repeated.repeated = True
        return repeated

    def _answer(self, room: MemoryRoom, command: Command) -> CommandResult | CordboardError:
        kind = command.WhichOneof("command") or ""
        if kind in self.refused:
            return WrongStateError(self.refused[kind], "refused as the test asks for")
        if kind != "create_room" and not room.made:
            return NotFoundError("ROOM_NOT_FOUND", "the call has no room here")
        result = CommandResult(command_seq=command.command_seq)
        if kind == "create_room":
            room.made = True
        elif kind == "add_leg":
            leg = command.add_leg
            if leg.WhichOneof("transport") == "webrtc_offer":
                if not leg.webrtc_offer.sdp.startswith("v=0"):
                    return InvalidError("BAD_SDP", "the offer cannot be answered")
                result.sdp_answer = f"v=0 answer for {leg.leg_id}"
            else:
                result.leg_token = f"token for {leg.leg_id}"
            room.legs.add(leg.leg_id)
        elif kind == "remove_leg":
            if command.remove_leg.leg_id not in room.legs:
                return NotFoundError("LEG_NOT_FOUND", "the room has no such leg")
            room.legs.discard(command.remove_leg.leg_id)
        elif kind == "close_room":
            room.open = False
            room.legs.clear()
        return result
