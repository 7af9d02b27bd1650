"""Captures what every leg of a room sends, packet by packet, in segments."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cordboard.call.v1.facts_pb2 import CaptureEnded
from cordboard.core.errors import WrongStateError
from cordboard.media.v1.capture_pb2 import CapturedPacket, CapturePause, CaptureSegment
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.data_plane import Tapped
from cordboard.media_node.leg import Leg
from cordboard.media_node.room import Room
from cordboard.media_node.rtp import parse_rtp

# What a killed node loses at most.
SEGMENT_US = 5_000_000
_TAP = "capture"


class SegmentSink(Protocol):
    """Takes finished segments."""

    def store(self, tenant: str, segment: CaptureSegment) -> None:
        """Take a segment to seal and store; returns at once."""
        ...

    def end(self, call_id: str, ended: CaptureEnded, media_us: int) -> None:
        """Tell how many segments there are; returns at once."""
        ...


@dataclass(slots=True)
class _Track:
    """One leg's open segment."""

    started_us: int
    number: int = 0
    packets: list[CapturedPacket] = field(default_factory=list)
    pauses: list[CapturePause] = field(default_factory=list)


class Recording:
    """The recording of one call; a watch of its room.

    Paused, it takes nothing and closes the ears of voice agents; the pause is written down, so that a file made
    of the segments has silence there.
    """

    def __init__(self, room: Room, clock: Clock, sink: SegmentSink) -> None:
        """Be ready to record; nothing is captured yet."""
        self._room = room
        self._clock = clock
        self._sink = sink
        self._tracks: dict[str, _Track] = {}
        self._ticker: Ticker | None = None
        self._paused_since_us: int | None = None

    @property
    def running(self) -> bool:
        """True between start and stop, paused or not."""
        return self._ticker is not None

    def start(self) -> None:
        """Begin; nothing happens when it runs already."""
        if self._ticker is None:
            self._ticker = Ticker(self._clock, SEGMENT_US, self._cut_all)
            for leg in self._room.legs():
                self.leg_connected(leg)

    def pause(self) -> None:
        """Capture and let hear nothing until resumed. Raises WrongStateError(NOT_RECORDING)."""
        self._require_running()
        if self._paused_since_us is None:
            self._paused_since_us = self._room.media_us()
            self._room.gated = True

    def resume(self) -> None:
        """Go on. Raises WrongStateError(NOT_RECORDING)."""
        self._require_running()
        self._end_pause()

    def halt(self) -> None:
        """End the recording and hand over what is left; nothing happens when it does not run."""
        if self._ticker is None:
            return
        self._end_pause()
        self._ticker.stop()
        self._ticker = None
        self._cut_all()
        for leg in self._room.legs():
            self._room.plane.tap(leg.identity.leg_id, _TAP, None)
        # Whoever makes a file of the segments knows by this which ones it has to wait for.
        legs = [
            CaptureEnded.CapturedLeg(leg_id=leg_id, segments=track.number)
            for leg_id, track in sorted(self._tracks.items())
        ]
        ended = CaptureEnded(placement_epoch=self._room.placement_epoch, legs=legs)
        self._sink.end(self._room.call_id, ended, self._room.media_us())

    def leg_connected(self, leg: Leg) -> None:
        """Capture a leg as well."""
        if self._ticker is not None:
            now = self._room.media_us()
            track = self._tracks.setdefault(leg.identity.leg_id, _Track(now))
            if not track.packets:
                track.started_us = now
            self._room.plane.tap(leg.identity.leg_id, _TAP, self._take)

    def leg_ending(self, leg: Leg) -> None:
        """Hand over what was captured of a leg that goes."""
        if leg.identity.leg_id in self._tracks:
            self._cut(leg.identity.leg_id)

    def stop(self) -> None:
        """End with the room."""
        self.halt()

    def _require_running(self) -> None:
        if self._ticker is None:
            raise WrongStateError("NOT_RECORDING", "the call is not being recorded", call_id=self._room.call_id)

    def _take(self, leg_id: str, batch: Sequence[Tapped]) -> None:
        track = self._tracks.get(leg_id)
        if track is None or self._paused_since_us is not None:
            return
        for tapped in batch:
            captured = self._captured(tapped)
            if captured is not None:
                track.packets.append(captured)

    def _captured(self, tapped: Tapped) -> CapturedPacket | None:
        packet = parse_rtp(tapped.data)
        if packet is None:
            return None
        return CapturedPacket(
            arrival_us=tapped.arrival_us - self._room.opened_us,
            sequence=packet.sequence,
            timestamp=packet.timestamp,
            ssrc=packet.ssrc,
            payload_type=packet.payload_type,
            marker=packet.marker,
            payload=packet.payload,
        )

    def _end_pause(self) -> None:
        since, self._paused_since_us = self._paused_since_us, None
        self._room.gated = False
        if since is not None:
            self._note_pause(since)

    def _note_pause(self, since_us: int) -> None:
        now = self._room.media_us()
        for track in self._tracks.values():
            started = max(since_us, track.started_us)
            if started < now:
                track.pauses.append(CapturePause(started_us=started, ended_us=now))

    def _cut_all(self) -> None:
        if self._paused_since_us is not None:
            self._note_pause(self._paused_since_us)
            self._paused_since_us = self._room.media_us()
        for leg_id in list(self._tracks):
            self._cut(leg_id)

    def _cut(self, leg_id: str) -> None:
        track = self._tracks[leg_id]
        now = self._room.media_us()
        if track.packets:
            segment = CaptureSegment(
                call_id=self._room.call_id,
                leg_id=leg_id,
                placement_epoch=self._room.placement_epoch,
                segment=track.number,
                started_us=track.started_us,
                ended_us=now,
                packets=track.packets,
                pauses=track.pauses,
            )
            self._sink.store(self._room.tenant, segment)
            track.number += 1
            track.packets, track.pauses = [], []
        track.started_us = now if not track.pauses else track.started_us
