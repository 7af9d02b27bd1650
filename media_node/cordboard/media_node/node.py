"""The media node: the calls that are placed on it."""

import asyncio
import logging
from collections import OrderedDict

from cordboard.core.errors import InvalidError, NotFoundError, WrongStateError
from cordboard.media.v1.command_pb2 import Command, CommandResult
from cordboard.media_node.clock import Clock
from cordboard.media_node.commands import CallCommands, LegAnswerer
from cordboard.media_node.facts import FactLog
from cordboard.media_node.forwarding import ForwardingPlane
from cordboard.media_node.leg import LegIdentity
from cordboard.media_node.liveness import Liveness
from cordboard.media_node.pcm_port import PcmPort
from cordboard.media_node.quality import QualityMeter, QualityWatch
from cordboard.media_node.randomness import Randomness
from cordboard.media_node.recording import Recording, SegmentSink
from cordboard.media_node.room import Room
from cordboard.media_node.vacancy import Vacancy

_log = logging.getLogger(__name__)

ORPHANED = "ROOM_ORPHANED"
# Calls that are over are remembered, so that repeats are answered and old epochs refused.
_MOST_REMEMBERED = 4_096


class MediaNode:
    """Holds one `CallCommands` per call and knows which rooms are open."""

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        facts: FactLog,
        answer_offer: LegAnswerer,
        meter: QualityMeter,
        segments: SegmentSink | None = None,
    ) -> None:
        """Make a node without calls.

        `answer_offer` makes a WebRTC leg and its SDP answer; without `segments` the node cannot record.
        """
        self._clock = clock
        self._randomness = randomness
        self._facts = facts
        self._answer_offer = answer_offer
        self._calls: OrderedDict[str, CallCommands] = OrderedDict()
        self._meter = meter
        self._segments = segments
        self._quality: dict[str, QualityWatch] = {}
        self._changed = asyncio.Event()
        self._abandoning: set[asyncio.Task[None]] = set()
        self.draining = False

    async def apply(self, command: Command) -> CommandResult:
        """Apply a command of a call's workflow.

        Raises InvalidError(COMMAND_INVALID), WrongStateError(STALE_EPOCH, COMMAND_OUT_OF_ORDER, NODE_DRAINING),
        NotFoundError(ROOM_NOT_FOUND, LEG_NOT_FOUND), ConflictError(COMMAND_CONFLICT, LEG_EXISTS),
        InvalidError(BAD_SDP, ROUTING_INVALID, PASSIVE_LEG), UnimplementedError(UNIMPLEMENTED).
        """
        if not command.call_id or not command.placement_epoch or not command.command_seq:
            raise InvalidError("COMMAND_INVALID", "a command needs call_id, placement_epoch and command_seq")
        call = self._calls.get(command.call_id)
        if call is None:
            if command.WhichOneof("command") != "create_room":
                raise NotFoundError("ROOM_NOT_FOUND", "the call has no room here", call_id=command.call_id)
            if self.draining:
                raise WrongStateError("NODE_DRAINING", "the node takes no new calls", call_id=command.call_id)
            call = CallCommands(command.call_id, self._open_room, self._answer_offer, self._open_port)
            self._calls[command.call_id] = call
        try:
            return await call.apply(command)
        finally:
            self._forget_old()
            self._changed.set()

    def room(self, call_id: str) -> Room:
        """Find a call's room. Raises NotFoundError(ROOM_NOT_FOUND)."""
        call = self._calls.get(call_id)
        if call is None:
            raise NotFoundError("ROOM_NOT_FOUND", "the call has no room here", call_id=call_id)
        return call.open_room()

    def rooms(self) -> list[Room]:
        """The open rooms."""
        return [call.room for call in self._calls.values() if call.room is not None]

    def port(self, call_id: str, leg_id: str) -> PcmPort:
        """Find a voice agent's port. Raises NotFoundError(ROOM_NOT_FOUND, LEG_NOT_FOUND)."""
        leg = self.room(call_id).leg(leg_id)
        if not isinstance(leg, PcmPort):
            raise NotFoundError("LEG_NOT_FOUND", "the leg is no PCM port", call_id=call_id, leg_id=leg_id)
        return leg

    def mos(self, call_id: str, leg_id: str) -> float:
        """Give the last MOS of a leg, 0 before the first."""
        watch = self._quality.get(call_id)
        return watch.latest_mos(leg_id) if watch is not None else 0.0

    async def drain(self, seconds: float) -> int:
        """Take no new rooms and wait until all are closed, at most `seconds`; gives how many are still open."""
        self.draining = True
        try:
            async with asyncio.timeout(seconds):
                while self.rooms():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            _log.warning("rooms are open after draining", extra={"count": len(self.rooms())})
        return len(self.rooms())

    async def close(self) -> None:
        """End all calls, as when the process stops."""
        for room in self.rooms():
            await room.close("DRAINED")

    def _open_room(self, call_id: str, tenant: str, placement_epoch: int) -> tuple[Room, Recording | None]:
        room = Room(call_id, tenant, placement_epoch, ForwardingPlane(), self._facts, self._clock)
        room.watch(Liveness(room, self._clock))
        room.watch(Vacancy(room, self._clock, lambda: self._abandon(room)))
        self._quality[call_id] = QualityWatch(room, self._clock, self._meter)
        room.watch(self._quality[call_id])
        recording: Recording | None = None
        if self._segments is not None:
            recording = Recording(room, self._clock, self._segments)
            room.watch(recording)
        return room, recording

    def _abandon(self, room: Room) -> None:
        task = asyncio.get_running_loop().create_task(self._close_abandoned(room))
        self._abandoning.add(task)
        task.add_done_callback(self._abandoning.discard)

    async def _close_abandoned(self, room: Room) -> None:
        _log.warning("a room that everybody left was never closed", extra={"call_id": room.call_id})
        call = self._calls.get(room.call_id)
        if call is not None:
            await call.abandon(room, ORPHANED)
        self._changed.set()

    def _open_port(self, identity: LegIdentity, room: Room) -> PcmPort:
        return PcmPort(identity, room, self._clock, self._randomness, room.opened_us)

    def _forget_old(self) -> None:
        for call_id, call in list(self._calls.items()):
            if len(self._calls) <= _MOST_REMEMBERED:
                return
            if call.room is None:
                del self._calls[call_id]
                self._quality.pop(call_id, None)
