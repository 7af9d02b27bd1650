"""How well each leg sounds: measured every 5 s, logged when it gets bad and when the leg ends."""

import datetime
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.duration_pb2 import Duration
from opentelemetry import metrics

from cordboard.call.v1.facts_pb2 import QualityMeasured
from cordboard.core.quality import mos
from cordboard.media.v1.leg_pb2 import LegRole
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.leg import Leg
from cordboard.media_node.room import Room
from cordboard.runtime.buckets import MICROSECONDS, MOS, SHARE

INTERVAL_US = 5_000_000
# Below this "many users dissatisfied" begins (ITU-T G.107 Annex B, table B.1).
LEAST_MOS = 3.6


@dataclass(frozen=True, slots=True)
class Measurement:
    """Quality of one leg over one interval; loss is a share between 0 and 1, of the worse direction."""

    leg_id: str
    role: str
    received: int
    lost: int
    loss: float
    jitter_us: int
    round_trip_us: int
    mos: float
    interval_us: int


class QualityMeter(Protocol):
    """Takes every measurement as a metric."""

    def measured(self, measurement: Measurement) -> None:
        """Take a measurement."""
        ...

    def forwarded(self, packets: int) -> None:
        """Take that so many packets were sent to legs."""
        ...


class TelemetryMeter:
    """A `QualityMeter` on OpenTelemetry; labelled by role, never by call."""

    def __init__(self) -> None:
        """Make the instruments."""
        meter = metrics.get_meter("cordboard.media_node")
        self._mos = meter.create_histogram(
            "cordboard.leg.mos", "1", "E-model MOS, a planning value", explicit_bucket_boundaries_advisory=MOS
        )
        self._loss = meter.create_histogram(
            "cordboard.leg.loss", "1", "share of RTP packets lost", explicit_bucket_boundaries_advisory=SHARE
        )
        self._jitter = meter.create_histogram(
            "cordboard.leg.jitter", "us", "interarrival jitter", explicit_bucket_boundaries_advisory=MICROSECONDS
        )
        self._round_trip = meter.create_histogram(
            "cordboard.leg.round_trip", "us", "round trip by RTCP", explicit_bucket_boundaries_advisory=MICROSECONDS
        )
        self._forwarded = meter.create_counter("cordboard.forward.packets", "1", "RTP packets sent to legs")

    def measured(self, measurement: Measurement) -> None:
        """Record it."""
        labels = {"role": measurement.role}
        self._mos.record(measurement.mos, labels)
        self._loss.record(measurement.loss, labels)
        self._jitter.record(measurement.jitter_us, labels)
        self._round_trip.record(measurement.round_trip_us, labels)

    def forwarded(self, packets: int) -> None:
        """Count them."""
        self._forwarded.add(packets)


@dataclass(slots=True)
class _Followed:
    since_us: int
    at_us: int
    received: int = 0
    expected: int = 0
    sent: int = 0
    mos: float = 0.0
    bad: bool = False


class QualityWatch:
    """Measures the legs of one room that are sent RTP."""

    def __init__(self, room: Room, clock: Clock, meter: QualityMeter) -> None:
        """Begin to measure."""
        self._room = room
        self._clock = clock
        self._meter = meter
        self._followed: dict[str, _Followed] = {}
        self._ticker = Ticker(clock, INTERVAL_US, self._tick)

    def stop(self) -> None:
        """Measure no more."""
        self._ticker.stop()

    def latest_mos(self, leg_id: str) -> float:
        """Give the last MOS of a leg, 0 before the first."""
        followed = self._followed.get(leg_id)
        return followed.mos if followed is not None else 0.0

    def leg_connected(self, leg: Leg) -> None:
        """Begin with a leg."""
        if leg.tap is None:
            now = self._clock.now_us()
            self._followed[leg.identity.leg_id] = _Followed(now, now)

    def leg_ending(self, leg: Leg) -> None:
        """Log the leg's quality from its first packet to now."""
        followed = self._followed.pop(leg.identity.leg_id, None)
        if followed is not None:
            self._count(leg, followed)
            self._log(self._measure(leg, _Followed(followed.since_us, followed.since_us)), "close")

    def _tick(self) -> None:
        for leg in self._room.legs():
            followed = self._followed.get(leg.identity.leg_id)
            if followed is None:
                continue
            measurement = self._measure(leg, followed)
            reception = self._room.counters(leg.identity.leg_id).reception
            followed.received, followed.expected = reception.received, reception.expected
            followed.at_us = self._clock.now_us()
            followed.mos = measurement.mos
            self._count(leg, followed)
            self._meter.measured(measurement)
            bad = measurement.mos < LEAST_MOS
            if bad and not followed.bad:
                self._log(measurement, "threshold")
            followed.bad = bad

    def _count(self, leg: Leg, followed: _Followed) -> None:
        sent = sum(stream.packets for stream in self._room.counters(leg.identity.leg_id).sent)
        self._meter.forwarded(max(0, sent - followed.sent))
        followed.sent = sent

    def _measure(self, leg: Leg, since: _Followed) -> Measurement:
        leg_id = leg.identity.leg_id
        reception = self._room.counters(leg_id).reception
        far = leg.far_report()
        received = reception.received - since.received
        expected = reception.expected - since.expected
        lost = max(0, expected - received)
        loss = max(lost / expected if expected > 0 else 0.0, far.fraction_lost)
        jitter_us = max(reception.jitter_us, far.jitter_us)
        micro = datetime.timedelta(microseconds=1)
        return Measurement(
            leg_id=leg_id,
            role=LegRole.Name(leg.identity.role),
            received=received,
            lost=lost,
            loss=loss,
            jitter_us=jitter_us,
            round_trip_us=far.round_trip_us,
            mos=mos(loss, far.round_trip_us * micro, jitter_us * micro),
            interval_us=self._clock.now_us() - since.at_us,
        )

    def _log(self, measurement: Measurement, occasion: str) -> None:
        event = QualityMeasured(
            leg_id=measurement.leg_id,
            packets_received=measurement.received,
            packets_lost=measurement.lost,
            jitter=_duration(measurement.jitter_us),
            round_trip=_duration(measurement.round_trip_us),
            mos=measurement.mos,
            interval=_duration(measurement.interval_us),
            occasion=occasion,
        )
        self._room.tell(event, measurement.leg_id)


def _duration(microseconds: int) -> Duration:
    duration = Duration()
    duration.FromMicroseconds(microseconds)
    return duration
