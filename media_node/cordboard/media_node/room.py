"""One call's media: its legs, who hears whom, and the call's media clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import DtmfReceived, LegStateChanged, PlayoutEnded, PlayoutStarted, VoicePortChanged
from cordboard.call.v1.voicemail_pb2 import SilenceHeard
from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnimplementedError
from cordboard.media.v1.leg_pb2 import LEG_STATE_CONNECTED, LEG_STATE_ENDED, LegState, RoutingMatrix
from cordboard.media_node.clock import Clock
from cordboard.media_node.data_plane import DataPlane, LegCounters
from cordboard.media_node.facts import CallFact, FactLog
from cordboard.media_node.key_board import KeyBoard
from cordboard.media_node.leg import Leg
from cordboard.media_node.silence_watch import SilenceWatch
from cordboard.media_node.sound_board import SoundBoard
from cordboard.media_node.speaking import PlayProgress

_log = logging.getLogger(__name__)


class RoomWatch(Protocol):
    """Follows the legs of a room."""

    def leg_connected(self, leg: Leg) -> None:
        """A leg's media flows now."""
        ...

    def leg_ending(self, leg: Leg) -> None:
        """A leg is about to go; its counters can still be read."""
        ...

    def stop(self) -> None:
        """The room is closed."""
        ...


class Room:
    """Holds the legs of one call and tells what happens to them as facts. It is the host of all its legs."""

    def __init__(
        self, call_id: str, tenant: str, placement_epoch: int, plane: DataPlane, facts: FactLog, clock: Clock
    ) -> None:
        """Open an empty room; the call's media time begins now."""
        self.call_id = call_id
        self.tenant = tenant
        self.placement_epoch = placement_epoch
        self.opened_us = clock.now_us()
        self.plane = plane
        # True while the recording is paused: voice agents hear silence.
        self.gated = False
        self._facts = facts
        self._clock = clock
        self._legs: dict[str, Leg] = {}
        self._connected: set[str] = set()
        self._hears: dict[str, tuple[str, ...]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._watches: list[RoomWatch] = []
        self.sounds = SoundBoard(
            clock,
            lambda source, packet: plane.inject(source, (packet,), clock.now_us()),
            self._route,
            self.play_progressed,
        )
        self._keys = KeyBoard(clock, lambda source, packets: plane.inject(source, packets, clock.now_us()), self._route)
        self._presses: dict[str, int] = {}
        self._silence: SilenceWatch | None = None

    def watch(self, watch: RoomWatch) -> None:
        """Let `watch` follow the legs until the room is closed."""
        self._watches.append(watch)

    def media_us(self) -> int:
        """Tell how many microseconds passed since the room was opened."""
        return self._clock.now_us() - self.opened_us

    def legs(self) -> Sequence[Leg]:
        """The legs that are in the room, connected or not."""
        return tuple(self._legs.values())

    def leg(self, leg_id: str) -> Leg:
        """Find a leg. Raises NotFoundError(LEG_NOT_FOUND)."""
        leg = self._legs.get(leg_id)
        if leg is None:
            raise NotFoundError("LEG_NOT_FOUND", "the leg is not in the room", call_id=self.call_id, leg_id=leg_id)
        return leg

    def is_connected(self, leg_id: str) -> bool:
        """True while the leg's media can flow."""
        return leg_id in self._connected

    def is_heard(self, leg_id: str) -> bool:
        """True when a connected leg hears this one."""
        return any(leg_id in sources for listener, sources in self._hears.items() if listener in self._connected)

    def add(self, leg: Leg, *, replaces: str = "") -> None:
        """Take in a leg and let it connect. Raises ConflictError(LEG_EXISTS).

        A leg that `replaces` another takes over its place in the routing; the other ends with REPLACED, unless it
        has ended by itself, as it does when its connection breaks.
        """
        leg_id = leg.identity.leg_id
        self.check_new(leg_id)
        self._legs[leg_id] = leg
        if replaces:
            self._hears = {
                (leg_id if listener == replaces else listener): tuple(
                    leg_id if source == replaces else source for source in sources
                )
                for listener, sources in self._hears.items()
            }
        if replaces in self._legs:
            self.remove(replaces, "REPLACED")
        leg.start()

    def check_new(self, leg_id: str) -> None:
        """Raise ConflictError(LEG_EXISTS) when the leg is there already."""
        if leg_id in self._legs:
            raise ConflictError("LEG_EXISTS", "the leg is in the room already", call_id=self.call_id, leg_id=leg_id)

    def remove(self, leg_id: str, reason: str) -> None:
        """Take a leg out; its last fact carries `reason`. Raises NotFoundError(LEG_NOT_FOUND)."""
        self.leg(leg_id)
        self._end(leg_id, LEG_STATE_ENDED, reason or "REMOVED")

    def set_routing(self, matrix: RoutingMatrix) -> None:
        """Set who hears whom. Raises InvalidError(ROUTING_INVALID, PASSIVE_LEG) and changes nothing then.

        Rows may name legs that are not there (yet).
        """
        hears: dict[str, tuple[str, ...]] = {}
        for row in matrix.rows:
            if not row.leg_id or row.leg_id in hears or row.leg_id in row.hears:
                raise InvalidError("ROUTING_INVALID", "a row is unnamed, repeated or hears itself", leg_id=row.leg_id)
            hears[row.leg_id] = tuple(dict.fromkeys(row.hears))
        for source in {source for sources in hears.values() for source in sources}:
            leg = self._legs.get(source)
            if leg is not None and leg.identity.passive:
                raise InvalidError("PASSIVE_LEG", "a passive leg cannot be heard", leg_id=source)
        self._hears = hears
        self._route()

    def flush(self, play_id: str) -> None:
        """Cut off a play wherever it is played."""
        for leg in self._legs.values():
            leg.flush(play_id)
        self.sounds.flush(play_id)

    def press(self, leg_id: str, digits: str) -> None:
        """Send key presses to a leg.

        Raises NotFoundError(LEG_NOT_FOUND), InvalidError(DTMF_INVALID), UnimplementedError(DTMF_UNSUPPORTED).
        """
        if not any(stream.event_type for stream in self.leg(leg_id).streams):
            raise UnimplementedError("DTMF_UNSUPPORTED", "the leg's far end takes no telephone events", leg_id=leg_id)
        self._keys.press(leg_id, digits)

    def await_silence(self, leg_id: str, quiet_us: int) -> None:
        """Tell once when a leg has been silent for so long. Raises NotFoundError(LEG_NOT_FOUND), InvalidError."""
        self.leg(leg_id)
        if quiet_us <= 0:
            raise InvalidError("SILENCE_INVALID", "how long the silence is to be is missing", leg_id=leg_id)
        self._await_no_silence()
        self._silence = SilenceWatch(leg_id, quiet_us, self.plane, self._clock, self._fell_silent)

    def _await_no_silence(self) -> None:
        silence, self._silence = self._silence, None
        if silence is not None:
            silence.stop()

    def _fell_silent(self, leg_id: str, quiet_us: int, spoke: bool) -> None:
        self._silence = None
        quiet = Duration()
        quiet.FromMicroseconds(quiet_us)
        self.tell(SilenceHeard(leg_id=leg_id, quiet=quiet, spoke=spoke), leg_id)

    async def close(self, reason: str) -> None:
        """End all legs and wait until they are gone."""
        for watch in self._watches:
            watch.stop()
        self.sounds.flush("")
        for leg_id in list(self._legs):
            self._end(leg_id, LEG_STATE_ENDED, reason or "REMOVED")
        await asyncio.gather(*self._closing, return_exceptions=True)

    def connected(self, leg_id: str) -> None:
        """Let a leg's media flow."""
        leg = self._legs.get(leg_id)
        if leg is None or leg_id in self._connected:
            return
        self._connected.add(leg_id)
        if leg.tap is None:
            self.plane.open(leg_id, leg, leg.streams, may_speak=not leg.identity.passive)
        self._route()
        for watch in self._watches:
            watch.leg_connected(leg)
        self._tell_state(leg_id, LEG_STATE_CONNECTED, "")

    def ended(self, leg_id: str, state: LegState.ValueType, reason: str) -> None:
        """Take out a leg whose far end is gone."""
        if leg_id in self._legs:
            self._end(leg_id, state, reason)

    def received(self, leg_id: str, batch: Sequence[bytes], arrival_us: int) -> None:
        """Take packets of a leg's far end."""
        self.plane.receive(leg_id, batch, arrival_us)

    def pressed(self, leg_id: str, digit: str) -> None:
        """Tell of a key press; while the recording is paused, nothing that the caller enters is kept anywhere."""
        leg = self._legs.get(leg_id)
        if leg is None or leg.identity.passive or self.gated:
            return
        self._presses[leg_id] = self._presses.get(leg_id, 0) + 1
        self.tell(DtmfReceived(leg_id=leg_id, digit=digit, press=self._presses[leg_id]), leg_id)

    def counters(self, leg_id: str) -> LegCounters:
        """What a leg received and was sent."""
        return self.plane.counters(leg_id)

    def inject(self, leg_id: str, batch: Sequence[bytes]) -> None:
        """Send packets as if the leg had sent them; what a passive leg says is dropped."""
        leg = self._legs.get(leg_id)
        if leg is None or leg.identity.passive:
            return
        self.plane.inject(leg_id, batch, self._clock.now_us())

    def port_changed(self, leg_id: str, attached: bool, reason: str) -> None:
        """Tell that a voice agent came or went."""
        self.tell(VoicePortChanged(leg_id=leg_id, attached=attached, reason=reason), leg_id)

    def play_progressed(self, leg_id: str, progress: PlayProgress) -> None:
        """Tell what became of speech."""
        play_id, turn_id = progress.play_id, progress.turn_id
        if progress.what == "started":
            event: Message = PlayoutStarted(play_id=play_id, leg_id=leg_id, turn_id=turn_id)
        else:
            sent = Duration()
            sent.FromMicroseconds(progress.sent_us)
            flushed = progress.what == "flushed"
            event = PlayoutEnded(play_id=play_id, leg_id=leg_id, sent=sent, flushed=flushed, turn_id=turn_id)
        self.tell(event, leg_id, turn_id)

    def tell(self, event: Message, leg_id: str = "", turn_id: str = "") -> None:
        """Put a fact about this call on its way to the log."""
        self._facts.record(CallFact(self.call_id, event, self.media_us(), leg_id, turn_id))

    def _end(self, leg_id: str, state: LegState.ValueType, reason: str) -> None:
        leg = self._legs[leg_id]
        for watch in self._watches:
            watch.leg_ending(leg)
        del self._legs[leg_id]
        self._connected.discard(leg_id)
        self._keys.stop(leg_id)
        if self._silence is not None and self._silence.leg_id == leg_id:
            self._await_no_silence()
        self.plane.close(leg_id)
        for source in self._legs:
            self.plane.tap(source, f"hear/{leg_id}", None)
        self._route()
        task = asyncio.get_running_loop().create_task(leg.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._tell_state(leg_id, state, reason)

    def _route(self) -> None:
        self.plane.set_routes(self._keys.overlay(self.sounds.overlay(self._hears, self._connected)))
        for leg_id, leg in self._legs.items():
            sources = set(self._hears.get(leg_id, ()))
            if leg.tap is not None:
                for source in self._legs:
                    self.plane.tap(source, f"hear/{leg_id}", leg.tap if source in sources else None)
            leg.rerouted(sources)

    def _tell_state(self, leg_id: str, state: LegState.ValueType, reason: str) -> None:
        event = LegStateChanged(leg_id=leg_id, state=state, reason=reason, placement_epoch=self.placement_epoch)
        self.tell(event, leg_id)
