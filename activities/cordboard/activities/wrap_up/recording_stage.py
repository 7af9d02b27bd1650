"""The stage that makes one file of both sides."""

from google.protobuf.duration_pb2 import Duration
from temporalio import activity

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.audio.ogg_file import CHANNELS
from cordboard.activities.wrap_up.capture_source import CaptureSource
from cordboard.activities.wrap_up.stage import RECORDING, Place, Workshop, working
from cordboard.activities.wrap_up.two_sides import TwoSides, mix_sides
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1.wrap_up_facts_pb2 import OBJECT_KIND_RECORDING_SEALED, RecordingFigures, Shortfall
from cordboard.core.errors import UnavailableError


class RecordingStage:
    """Waits for the captured segments, mixes them, keeps the file sealed."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @activity.defn(name="wrap_up.await_capture")
    async def await_capture(self, call: WrapUpStageInput) -> None:
        """Return when every segment of the call is stored; see the stub."""
        record = await self._workshop.read(call.call_id)
        missing = len(record.outstanding)
        if record.recording_started and (missing or not record.capture_ended):
            raise UnavailableError(
                "CAPTURE_OUTSTANDING", "segments are on their way", call_id=call.call_id, segments=str(missing)
            )

    @activity.defn(name="wrap_up.derive_recording")
    async def derive_recording(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Make the file; see the stub."""
        async with working(call) as progress:
            record = await self._workshop.read(call.call_id)
            if record.why_not_recorded:
                return WrapUpStageReport(shortfalls=[Shortfall(reason=record.why_not_recorded)])
            key = await self._workshop.keys.subkey(call.call_id, RECORDING)
            source = CaptureSource(self._workshop.store, key, record)
            sides = await mix_sides(record, source.segments(), progress)
            shortfalls = source.losses.shortfalls()
            if sides is None:
                return WrapUpStageReport(shortfalls=[*shortfalls, Shortfall(reason=reasons.NO_AUDIO)])
            stored = await self._workshop.keep_sealed(
                Place(call.tenant, call.call_id), OBJECT_KIND_RECORDING_SEALED, sides.ogg, RECORDING
            )
            return WrapUpStageReport(objects=[stored], shortfalls=shortfalls, recording=figures(sides))


def figures(sides: TwoSides) -> RecordingFigures:
    """The file's figures for the log."""
    length = Duration()
    length.FromMicroseconds(int(sides.seconds * 1e6))
    return RecordingFigures(
        channels=CHANNELS,
        length=length,
        started_us=sides.started_us,
        segments=sides.segments,
        packets=sides.packets,
        packets_lost=sides.packets_lost,
    )
