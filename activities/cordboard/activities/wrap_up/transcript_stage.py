"""The stage that makes the final transcript."""

from collections.abc import Callable, Sequence
from typing import Final

from temporalio import activity

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.call_record import CallRecord
from cordboard.activities.wrap_up.language import judge_language
from cordboard.activities.wrap_up.second_pass import understand
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.activities.wrap_up.speech.heard_word import FinalTranscriber
from cordboard.activities.wrap_up.stage import RECORDING, TRANSCRIPT, Place, Workshop, working
from cordboard.activities.wrap_up.transcript_assembly import HeardSides, assemble
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1.wrap_up_facts_pb2 import (
    OBJECT_KIND_RECORDING_SEALED,
    OBJECT_KIND_TRANSCRIPT_SEALED,
    RecordingFigures,
    Shortfall,
    TranscriptFigures,
)
from cordboard.core.errors import UnavailableError
from cordboard.wrap_up.v1.transcript_pb2 import Transcript

TRIES_OF_THE_ENGINE: Final = 4
"""An engine that failed so often is done without."""


class TranscriptStage:
    """Has both sides understood once more and joins that with the log."""

    def __init__(self, workshop: Workshop, engine: FinalTranscriber) -> None:
        self._workshop = workshop
        self._engine = engine

    @activity.defn(name="wrap_up.derive_transcript")
    async def derive_transcript(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Make the transcript; see the stub."""
        async with working(call) as progress:
            record = await self._workshop.read(call.call_id)
            if record.why_not_recorded in (reasons.CONSENT_REFUSED, reasons.CONSENT_MISSING):
                # What was understood during the call stays on the log, sealed; nothing is made of it.
                return WrapUpStageReport(shortfalls=[Shortfall(reason=record.why_not_recorded)])
            place = Place(call.tenant, call.call_id)
            sides, shortfalls = await self._heard(call, record, place, progress)
            transcript = assemble(record, sides, call.recording_shortfalls)
            foreign = judge_language(transcript)
            if foreign:
                shortfalls.append(Shortfall(reason=reasons.LANGUAGE_UNKNOWN, count=foreign))
            if not transcript.utterances:
                return WrapUpStageReport(shortfalls=[*shortfalls, Shortfall(reason=reasons.NO_SPEECH)])
            stored = await self._workshop.keep_sealed(
                place, OBJECT_KIND_TRANSCRIPT_SEALED, transcript.SerializeToString(deterministic=True), TRANSCRIPT
            )
            return WrapUpStageReport(objects=[stored], shortfalls=shortfalls, transcript=figures(transcript))

    async def _heard(
        self, call: WrapUpStageInput, record: CallRecord, place: Place, progress: Callable[[int], None]
    ) -> tuple[HeardSides, list[Shortfall]]:
        """Give what the second pass understood, and what it could not."""
        ogg = None
        if call.HasField("recording"):
            ogg = await self._workshop.open_sealed(place, OBJECT_KIND_RECORDING_SEALED, RECORDING)
        if ogg is None:
            return HeardSides(), [Shortfall(reason=record.why_not_recorded or reasons.RECORDING_ABSENT)]
        try:
            sides = await understand(ogg, call.recording.started_us, self._engine, progress)
        except UnavailableError:
            if activity.info().attempt < TRIES_OF_THE_ENGINE:
                raise
            return HeardSides(), [Shortfall(reason=reasons.ENGINE_AWAY)]
        sides.covered = covered(call.recording, record, call.recording_shortfalls)
        shortfalls = []
        if sides.unintelligible:
            shortfalls.append(Shortfall(reason=reasons.UNINTELLIGIBLE, count=len(sides.unintelligible)))
        return sides, shortfalls


def covered(recording: RecordingFigures, record: CallRecord, missing: Sequence[Shortfall]) -> list[Span]:
    """Times of which the caller's sound is in the file."""
    end = recording.started_us + recording.length.ToMicroseconds()
    holes = [
        *(mute.span for mute in record.mutes),
        *(Span(one.started_us, one.ended_us) for one in missing if one.leg_id in record.callers),
    ]
    spans: list[Span] = []
    at = recording.started_us
    for hole in merged(holes):
        if hole.started_us > at:
            spans.append(Span(at, min(end, hole.started_us)))
        at = max(at, hole.ended_us)
    return merged([*spans, Span(at, max(at, end))])


def figures(transcript: Transcript, redactions: int = 0) -> TranscriptFigures:
    """The transcript's figures for the log."""
    return TranscriptFigures(
        utterances=len(transcript.utterances),
        timed_words=sum(len(utterance.words) for utterance in transcript.utterances),
        redactions=redactions,
        engine=transcript.engine,
    )
