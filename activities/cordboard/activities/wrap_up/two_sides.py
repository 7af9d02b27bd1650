"""One file of both sides: left the caller, right whoever serves the caller, on the call's time line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from cordboard.activities.wrap_up.audio.leg_sound import LegSound, sample_at
from cordboard.activities.wrap_up.audio.ogg_file import CHANNELS, OggWriter
from cordboard.activities.wrap_up.audio.opus_decoder import RATE
from cordboard.activities.wrap_up.call_record import CallRecord
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.media.v1.capture_pb2 import CaptureSegment
from cordboard.media.v1.leg_pb2 import (
    LEG_ROLE_AI_AGENT,
    LEG_ROLE_CALLER,
    LEG_ROLE_HUMAN_AGENT,
    LEG_ROLE_UNSPECIFIED,
    LegRole,
)

LEFT, RIGHT = 0, 1

WINDOW: Final = 5 * RATE
"""Samples that are mixed at once: what is held of a call at a time."""

LATE_US: Final = 2_000_000
"""A segment's first samples may belong before its start by so much: packets that the network delayed."""

_SIDES: Final[dict[LegRole.ValueType, int]] = {
    LEG_ROLE_CALLER: LEFT,
    LEG_ROLE_AI_AGENT: RIGHT,
    LEG_ROLE_HUMAN_AGENT: RIGHT,
    LEG_ROLE_UNSPECIFIED: RIGHT,
}
"""Supervisors and co-pilots are no side of the talk: a whisper is for the agent alone."""


@dataclass(frozen=True, slots=True)
class TwoSides:
    """The file, and what it is made of."""

    ogg: bytes
    started_us: int
    seconds: float
    segments: int
    packets: int
    packets_lost: int


class SideMixer:
    """Mixes segments as they come into one file; holds a few seconds of sound at a time."""

    def __init__(self, record: CallRecord, started_us: int) -> None:
        """Begin the file at `started_us`."""
        self._record = record
        self._started_us = started_us
        self._legs: dict[str, LegSound] = {}
        self._silent: dict[str, list[Span]] = {}
        self._file = OggWriter()
        self._mixed = 0
        self._segments = 0

    def take(self, segment: CaptureSegment) -> None:
        """Take the next segment in order of starts; what lies well before it is mixed."""
        self._mix_before(sample_at(segment.started_us - LATE_US, self._started_us))
        self._segments += 1
        if self._record.role(segment.leg_id) not in _SIDES:
            return
        leg = self._legs.get(segment.leg_id)
        if leg is None:
            leg = self._legs[segment.leg_id] = LegSound(self._started_us)
            self._silent[segment.leg_id] = list(self._record.silent_for(segment.leg_id))
        pauses = [Span(pause.started_us, pause.ended_us) for pause in segment.pauses]
        self._silent[segment.leg_id] = merged([*self._silent[segment.leg_id], *pauses])
        leg.feed(segment.packets)

    def finish(self, ended_us: int) -> TwoSides:
        """Mix what is left up to `ended_us` and end the file."""
        last = sample_at(ended_us, self._started_us)
        self._mix_before(last)
        if last > self._mixed:
            self._mix(last - self._mixed)
        seconds = self._file.seconds
        return TwoSides(
            ogg=self._file.finish(),
            started_us=self._started_us,
            seconds=seconds,
            segments=self._segments,
            packets=sum(leg.packets for leg in self._legs.values()),
            packets_lost=sum(leg.lost for leg in self._legs.values()),
        )

    def _mix_before(self, sample: int) -> None:
        while self._mixed + WINDOW <= sample:
            self._mix(WINDOW)

    def _mix(self, samples: int) -> None:
        sides = np.zeros((CHANNELS, samples), np.int32)
        for leg_id, leg in self._legs.items():
            leg.mix_into(sides[_SIDES[self._record.role(leg_id)]], self._mixed, self._silent[leg_id])
        self._file.write(np.clip(sides, -32_768, 32_767).astype(np.int16).T)
        self._mixed += samples


async def mix_sides(
    record: CallRecord, segments: AsyncIterator[CaptureSegment], progress: Callable[[int], None]
) -> TwoSides | None:
    """Make the file of all segments; None when there are none. `progress` is told how many were taken."""
    mixer: SideMixer | None = None
    ended_us = taken = 0
    async for segment in segments:
        if mixer is None:
            mixer = SideMixer(record, segment.started_us)
        # Decoding and encoding keep a core busy; the loop has heartbeats to send.
        await asyncio.to_thread(mixer.take, segment)
        ended_us = max(ended_us, segment.ended_us)
        taken += 1
        progress(taken)
    return await asyncio.to_thread(mixer.finish, ended_us) if mixer is not None else None
