"""Serves transcripts to the gateway."""

from typing import Any, Final, Protocol

from google.protobuf import json_format

from cordboard.activities.wrap_up.stage import TRANSCRIPT, Place, Workshop
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.core.errors import InternalError, InvalidError, NotFoundError, WrongStateError
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.wrap_up.v1 import transcript_service_pb2 as pb
from cordboard.wrap_up.v1.transcript_pb2 import RedactedTranscript, RedactionRecord, Transcript
from cordboard.wrap_up.v1.transcript_service_pb2_grpc import (
    TranscriptServiceServicer,
    add_TranscriptServiceServicer_to_server,
)

SERVICE: Final = pb.DESCRIPTOR.services_by_name["TranscriptService"].full_name
ALLOWED: Final = {f"/{SERVICE}/": frozenset({"gateway"})}
"""Who may ask: the gateway, which has checked whose call it is."""


class OpeningRecord(Protocol):
    """Puts on the log that what redaction took out is about to be opened."""

    async def transcript_opened(self, call_id: str, on_behalf_of: str) -> None:
        """Return once it is on the log. Raises UnavailableError(LEDGER_AWAY): then nothing may be opened."""
        ...


class TranscriptService(TranscriptServiceServicer):
    """Shows what was published; the words as they were said are opened for whom it is asked, once that is on record."""

    def __init__(self, workshop: Workshop, record: OpeningRecord) -> None:
        self._workshop = workshop
        self._record = record

    def serve_on(self, server: GrpcServer) -> None:
        """Show transcripts on a server that is not started yet."""
        server.add(add_TranscriptServiceServicer_to_server, self, SERVICE)

    async def GetTranscript(self, request: pb.GetTranscriptRequest, context: Any) -> pb.GetTranscriptResponse:
        """Show a call's transcript."""
        place = Place(request.tenant, request.call_id)
        await self._check_key(place)
        shown = pb.GetTranscriptResponse(redacted=await self._published(place))
        if request.unredacted:
            if not request.on_behalf_of:
                raise InvalidError("FIELD_MISSING", "what was taken out is opened for somebody", field="on_behalf_of")
            await self._open(place, request.on_behalf_of, shown)
        return shown

    async def _check_key(self, place: Place) -> None:
        """Show nothing of an erased call, be it that its objects are still there. Raises WrongStateError(ERASED)."""
        try:
            await self._workshop.keys.subkey(place.call_id, TRANSCRIPT)
        except WrongStateError as error:
            if error.reason != "KEY_DESTROYED":
                raise
            raise WrongStateError("ERASED", "the call was erased", call_id=place.call_id) from error

    async def _published(self, place: Place) -> RedactedTranscript:
        data = await self._workshop.store.get(place.key(facts.OBJECT_KIND_TRANSCRIPT_REDACTED))
        if data is None:
            raise NotFoundError("TRANSCRIPT_NOT_FOUND", "there is no transcript of such a call")
        try:
            return json_format.Parse(data, RedactedTranscript(), ignore_unknown_fields=True)
        except json_format.ParseError as error:
            raise InternalError("OBJECT_DAMAGED", "a published transcript cannot be read") from error

    async def _open(self, place: Place, on_behalf_of: str, shown: pb.GetTranscriptResponse) -> None:
        await self._record.transcript_opened(place.call_id, on_behalf_of)
        original = await self._workshop.open_sealed(place, facts.OBJECT_KIND_TRANSCRIPT_SEALED, TRANSCRIPT)
        record = await self._workshop.open_sealed(place, facts.OBJECT_KIND_REDACTIONS_SEALED, TRANSCRIPT)
        if original is None or record is None:
            raise NotFoundError("TRANSCRIPT_NOT_FOUND", "there is no transcript of such a call")
        shown.original.CopyFrom(Transcript.FromString(original))
        shown.redactions.CopyFrom(RedactionRecord.FromString(record))
