"""The seam between the doors and the transcripts of calls."""

from typing import Protocol

import grpc

from cordboard.core.errors import UnavailableError
from cordboard.runtime.grpc_channel import translate_errors
from cordboard.wrap_up.v1.transcript_service_pb2 import GetTranscriptRequest, GetTranscriptResponse
from cordboard.wrap_up.v1.transcript_service_pb2_grpc import TranscriptServiceStub

DEADLINE = 10.0


class Transcripts(Protocol):
    """What was said in calls."""

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> GetTranscriptResponse:
        """Show a call's transcript; `for_whom` (`role/subject`) has what was taken out opened, which is put on record.

        Raises UnavailableError(TRANSCRIPTS_AWAY), NotFoundError(TRANSCRIPT_NOT_FOUND).
        """
        ...


def _away() -> UnavailableError:
    return UnavailableError("TRANSCRIPTS_AWAY", "the transcripts of calls cannot be reached; try again")


class NoTranscripts:
    """Stands where no wrap-up process is known: all of its transcripts are away."""

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> GetTranscriptResponse:
        """Raise."""
        raise _away()


class TranscriptsClient:
    """The transcripts as the wrap-up process serves them; see Transcripts."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """Make a client on a channel to the wrap-up process."""
        self._stub = TranscriptServiceStub(channel)

    async def get(self, call_id: str, tenant: str, *, for_whom: str) -> GetTranscriptResponse:
        """Show a transcript."""
        request = GetTranscriptRequest(call_id=call_id, tenant=tenant, unredacted=bool(for_whom), on_behalf_of=for_whom)
        try:
            async with translate_errors():
                return await self._stub.GetTranscript(request, timeout=DEADLINE)
        except UnavailableError as error:
            raise _away() from error
