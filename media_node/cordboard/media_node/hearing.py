"""What a voice agent hears: each source decoded on one timeline of 20 ms frames, gaps filled, sources mixed."""

from collections.abc import Callable

import numpy as np

from cordboard.media_node.clock import Clock, Timer
from cordboard.media_node.opus import FRAME_US, HEARING_FRAME, HearingDecoder, Samples
from cordboard.media_node.rtp import SAMPLES_PER_MS, RtpPacket, opus_samples, timestamp_ahead

# RTP timestamp units per frame, and per sample at 16 kHz.
_FRAME_UNITS = SAMPLES_PER_MS * FRAME_US // 1_000
_UNITS_PER_SAMPLE = _FRAME_UNITS // HEARING_FRAME
_LEAST_WAIT_US = FRAME_US
_LONGEST_WAIT_US = 120_000
# A frame that comes on time for this long lets the wait shrink by a step.
_CALM_FRAMES = 250
_STEP_US = 10_000
# So many frames late in a row mean that the path got longer, not that one packet was slow.
_LATE_IN_A_ROW = 5
_EARLIEST_US = 60_000
# A source that sent nothing for this long is silent (DTX) or gone; nobody waits for it.
_QUIET_US = 60_000
_FURTHEST_FRAMES = 250


class HeardSource:
    """One heard leg: packets waiting in timestamp order, decoded when their frame is due."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._decoder = HearingDecoder()
        self._ssrc: int | None = None
        self._origin_timestamp = 0
        self._origin_unit = 0
        self._pending: dict[int, bytes] = {}
        self._covered: set[int] = set()
        self._ready_samples: dict[int, Samples] = {}
        self._last_arrival_us = 0
        self._late_in_a_row = 0

    def quiet(self, now_us: int) -> bool:
        """True when nobody should wait for this source."""
        return self._ssrc is None or now_us - self._last_arrival_us > _QUIET_US

    def push(self, packet: RtpPacket, arrival_us: int, next_frame: int, next_start_us: int) -> int:
        """Take a packet; gives how many microseconds too late it came, 0 when it was in time.

        `next_frame` is the first frame that is not out yet, `next_start_us` the time at which it begins.
        """
        duration = opus_samples(packet.payload)
        if not duration:
            return 0
        unit = self._origin_unit + timestamp_ahead(packet.timestamp, self._origin_timestamp)
        frame = unit // _FRAME_UNITS
        early_us = (frame - next_frame) * FRAME_US + next_start_us - arrival_us
        self._last_arrival_us = arrival_us
        if (
            self._ssrc != packet.ssrc
            or abs(frame - next_frame) > _FURTHEST_FRAMES
            or self._late_in_a_row >= _LATE_IN_A_ROW
            or (early_us > _EARLIEST_US and frame > next_frame)
        ):
            self._anchor(packet, next_frame)
            unit, frame = self._origin_unit, next_frame
        elif early_us > _EARLIEST_US:
            # The source's clock is fast: leave out this packet and let the next one take its place.
            self._origin_unit -= duration
            return 0
        if frame < next_frame:
            self._late_in_a_row += 1
            return (next_frame - frame) * FRAME_US
        self._late_in_a_row = 0
        self._pending[unit] = packet.payload
        end = (unit + duration - 1) // _FRAME_UNITS
        # A payload shorter than a frame covers it together with its neighbour; waiting for the later one is enough.
        if (unit + duration) % _FRAME_UNITS:
            end -= 1
        self._covered.update(range(frame, end + 1))
        return 0

    def has(self, frame: int) -> bool:
        """True when the frame can be decoded."""
        return frame in self._covered

    def pull(self, frame: int) -> Samples | None:
        """Decode a frame; None when nothing of it came. What is older is forgotten."""
        self._covered.discard(frame)
        first, end = frame * _FRAME_UNITS, (frame + 1) * _FRAME_UNITS
        for unit in sorted(unit for unit in self._pending if unit < end):
            self._place(unit // _UNITS_PER_SAMPLE, self._decoder.decode(self._pending.pop(unit)))
        start = first // _UNITS_PER_SAMPLE
        mixed: Samples | None = None
        for at in sorted(self._ready_samples):
            samples = self._ready_samples[at]
            if at >= start + HEARING_FRAME:
                break
            if mixed is None:
                mixed = np.zeros(HEARING_FRAME, np.int16)
            offset = max(0, start - at)
            piece = samples[offset : offset + start + HEARING_FRAME - max(at, start)]
            position = max(0, at - start)
            mixed[position : position + len(piece)] = piece
            del self._ready_samples[at]
            if at + len(samples) > start + HEARING_FRAME:
                self._ready_samples[start + HEARING_FRAME] = samples[start + HEARING_FRAME - at :]
                break
        return mixed

    def _place(self, at: int, samples: Samples) -> None:
        if len(samples):
            self._ready_samples[at] = samples

    def _anchor(self, packet: RtpPacket, frame: int) -> None:
        self._ssrc = packet.ssrc
        self._origin_timestamp = packet.timestamp
        self._origin_unit = frame * _FRAME_UNITS
        self._late_in_a_row = 0
        self._pending.clear()
        self._covered.clear()
        self._ready_samples.clear()


class Hearing:
    """Gives 20 ms of 16 kHz audio after the other, each as soon as all sources have it or its wait is over.

    With one source in order a frame goes out when its packet arrives. The label of a frame is its place on the
    timeline; it can be up to 20 ms later than the true time of the sound.
    """

    def __init__(self, clock: Clock, origin_us: int, heard: Callable[[int, bytes], None]) -> None:
        """Make a timeline that starts now; `heard` takes microseconds since `origin_us` and PCM."""
        self._clock = clock
        self._origin_us = origin_us
        self._heard = heard
        self._sources: dict[str, HeardSource] = {}
        self._start_us = clock.now_us()
        self._frame = 0
        self._wait_us = _LEAST_WAIT_US
        self._calm = 0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin to give frames, from now on; what passed since an earlier stop is left out."""
        self._sources = {}
        self._frame = max(self._frame, (self._clock.now_us() - self._start_us) // FRAME_US)
        self._schedule()

    def stop(self) -> None:
        """Give no more frames."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def retain(self, names: set[str]) -> None:
        """Forget the sources that are no longer heard."""
        self._sources = {name: source for name, source in self._sources.items() if name in names}

    def push(self, name: str, packet: RtpPacket, arrival_us: int) -> None:
        """Take a packet of a source."""
        if self._timer is None:
            return
        source = self._sources.setdefault(name, HeardSource())
        late_us = source.push(packet, arrival_us, self._frame, self._begins(self._frame))
        if late_us:
            self._wait_us = min(_LONGEST_WAIT_US, self._wait_us + _STEP_US)
            self._calm = 0
        self._give_ready(arrival_us)

    def _begins(self, frame: int) -> int:
        return self._start_us + frame * FRAME_US

    def _deadline(self) -> int:
        wait = self._wait_us if self._sources else 0
        return self._begins(self._frame + 1) + wait

    def _schedule(self) -> None:
        self._timer = self._clock.call_at(self._deadline(), self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._clock.now_us()
        if now - self._deadline() > _FURTHEST_FRAMES * FRAME_US:
            # The process stood still for seconds: there is nothing to catch up with.
            self._start_us += now - self._deadline()
        while self._deadline() <= now + 1_000:
            self._give()
        self._schedule()

    def _give_ready(self, now_us: int) -> None:
        moved = False
        while self._complete(now_us):
            self._give()
            moved = True
        if moved and self._timer is not None:
            self._timer.cancel()
            self._schedule()

    def _complete(self, now_us: int) -> bool:
        waited_for = [source for source in self._sources.values() if not source.quiet(now_us)]
        return bool(waited_for) and all(source.has(self._frame) for source in waited_for)

    def _give(self) -> None:
        heard = [samples for source in self._sources.values() if (samples := source.pull(self._frame)) is not None]
        label = self._begins(self._frame) - self._origin_us
        self._frame += 1
        self._calm += 1
        if self._calm >= _CALM_FRAMES:
            self._calm = 0
            self._wait_us = max(_LEAST_WAIT_US, self._wait_us - _STEP_US)
        self._heard(label, _mix(heard))


_SILENCE = bytes(HEARING_FRAME * 2)


def _mix(heard: list[Samples]) -> bytes:
    if not heard:
        return _SILENCE
    if len(heard) == 1:
        return heard[0].astype("<i2").tobytes()
    total = np.sum([samples.astype(np.int32) for samples in heard], axis=0)
    mixed: bytes = np.clip(total, -32_768, 32_767).astype("<i2").tobytes()
    return mixed
