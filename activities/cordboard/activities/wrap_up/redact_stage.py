"""The stage that takes identifiers out of text and sound and publishes both."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from temporalio import activity

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.audio.ogg_file import CHANNELS, MEDIA_TYPE
from cordboard.activities.wrap_up.erased_calls import remove_objects
from cordboard.activities.wrap_up.language import understood
from cordboard.activities.wrap_up.muting import mute, muted_spans
from cordboard.activities.wrap_up.stage import RECORDING, TRANSCRIPT, Place, Workshop, working
from cordboard.activities.wrap_up.transcript_stage import figures
from cordboard.activities.wrap_up.transcript_text import JSON_TYPE, TEXT_TYPE, to_json, to_text
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpStageInput, WrapUpStageReport
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.core.errors import WrongStateError
from cordboard.wrap_up.v1.transcript_pb2 import RedactedTranscript, RedactionRecord, Transcript


class Redacted(Protocol):
    """A transcript without identifiers, and what was taken out."""

    @property
    def redacted(self) -> RedactedTranscript:
        """What may be published."""
        ...

    @property
    def record(self) -> RedactionRecord:
        """What is kept sealed."""
        ...


class Redactor(Protocol):
    """Takes identifiers out of transcripts, such as `cordboard.activities.redaction`."""

    def redact(self, transcript: Transcript) -> Redacted:
        """Give the transcript without identifiers; may block for seconds. Raises InternalError."""
        ...


class RedactStage:
    """Publishes what may be: the redacted transcript and the muted file. Nothing is published of what failed."""

    def __init__(self, workshop: Workshop, make: Callable[[], Redactor]) -> None:
        """Make the redactor by `make` at its first use, which may take seconds."""
        self._workshop = workshop
        self._make = make
        self._redactor: Redactor | None = None
        self._turn = asyncio.Lock()

    @activity.defn(name="wrap_up.redact")
    async def redact(self, call: WrapUpStageInput) -> WrapUpStageReport:
        """Redact and publish; see the stub."""
        async with working(call):
            place = Place(call.tenant, call.call_id)
            data = await self._workshop.open_sealed(place, facts.OBJECT_KIND_TRANSCRIPT_SEALED, TRANSCRIPT)
            if data is None or not _has(call, facts.OBJECT_KIND_TRANSCRIPT_SEALED):
                return WrapUpStageReport(shortfalls=[facts.Shortfall(reason=reasons.TRANSCRIPT_ABSENT)])
            transcript = understood(Transcript.FromString(data))
            async with self._turn:
                redaction = await asyncio.to_thread(self._redact, transcript)
            objects = await self._publish_text(place, redaction)
            muted = await self._mute(call, place, transcript, redaction.record)
            await self._take_back_if_erased(place)
            report = WrapUpStageReport(objects=objects, transcript=figures(transcript, len(redaction.record.spans)))
            if muted is None:
                report.shortfalls.add(reason=reasons.RECORDING_ABSENT)
            else:
                report.objects.append(muted)
                report.recording.CopyFrom(call.recording)
            return report

    def _redact(self, transcript: Transcript) -> Redacted:
        if self._redactor is None:
            self._redactor = self._make()
        return self._redactor.redact(transcript)

    async def _publish_text(self, place: Place, redaction: Redacted) -> list[facts.StoredObject]:
        """Keep what was taken out first: nothing is published whose original cannot be found."""
        record = redaction.record.SerializeToString(deterministic=True)
        keep, redacted = self._workshop.keep, redaction.redacted
        return [
            await self._workshop.keep_sealed(place, facts.OBJECT_KIND_REDACTIONS_SEALED, record, TRANSCRIPT),
            await keep(place, facts.OBJECT_KIND_TRANSCRIPT_REDACTED, to_json(redacted), JSON_TYPE),
            await keep(place, facts.OBJECT_KIND_TRANSCRIPT_TEXT, to_text(redacted), TEXT_TYPE),
        ]

    async def _take_back_if_erased(self, place: Place) -> None:
        """Leave nothing published of a call that was erased meanwhile: whoever removed its objects may have been first.

        Raises WrongStateError(ERASED).
        """
        if await self._workshop.is_erased(place.call_id):
            await remove_objects(self._workshop.store, place.tenant, place.call_id)
            raise WrongStateError("ERASED", "the call was erased", call_id=place.call_id)

    async def _mute(
        self, call: WrapUpStageInput, place: Place, transcript: Transcript, record: RedactionRecord
    ) -> facts.StoredObject | None:
        if not call.HasField("recording") or call.recording.channels != CHANNELS:
            return None
        ogg = await self._workshop.open_sealed(place, facts.OBJECT_KIND_RECORDING_SEALED, RECORDING)
        if ogg is None:
            return None
        spans = muted_spans(transcript, record)
        quiet = await asyncio.to_thread(mute, ogg, call.recording.started_us, spans)
        return await self._workshop.keep(place, facts.OBJECT_KIND_RECORDING_MUTED, quiet, MEDIA_TYPE)


def _has(call: WrapUpStageInput, kind: facts.ObjectKind.ValueType) -> bool:
    return any(one.kind == kind for one in call.objects)
