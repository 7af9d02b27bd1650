"""Shows what was said in calls, to whom may see it."""

import logging

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.core.errors import ForbiddenError, NotFoundError, WrongStateError
from cordboard.gateway.access import PHI, READ, actor_of, is_call_id, require_scope
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.transcripts import Transcripts
from cordboard.runtime.identity import UserClaims

_log = logging.getLogger(__name__)


class TranscriptReader:
    """Asks for transcripts in the name of a token's bearer. A refusal is in the log, with who asked for what."""

    def __init__(self, reader: CallReader, transcripts: Transcripts) -> None:
        self._reader = reader
        self._transcripts = transcripts

    async def get(self, user: UserClaims, request: pb.GetTranscriptRequest) -> pb.GetTranscriptResponse:
        """Show a call's transcript. Raises NotFoundError(CALL_NOT_FOUND), WrongStateError(TRANSCRIPT_PENDING)."""
        self._require(user, request)
        # That the call is the tenant's is decided by the record, and not by where its objects are.
        await self._reader.opened(request.call_id, user.tenant)
        for_whom = actor_of(user) if request.unredacted else ""
        try:
            found = await self._transcripts.get(request.call_id, user.tenant, for_whom=for_whom)
        except NotFoundError as error:
            raise WrongStateError("TRANSCRIPT_PENDING", "there is no transcript yet; wrap-up comes first") from error
        shown = pb.GetTranscriptResponse(redacted=found.redacted, erased=found.erased)
        if found.HasField("original"):
            shown.original.CopyFrom(found.original)
            shown.redactions.CopyFrom(found.redactions)
        return shown

    def _require(self, user: UserClaims, request: pb.GetTranscriptRequest) -> None:
        """Raise ForbiddenError; what is written of the call is the asker's own word, so only if it can be an id."""
        try:
            require_scope(user, READ)
            if request.unredacted:
                require_scope(user, PHI)
        except ForbiddenError as error:
            named = request.call_id if is_call_id(request.call_id) else ""
            known = {"method": "GetTranscript", "reason": error.reason, "call_id": named}
            who = {"role": user.role, "tenant": user.tenant, "token_id": user.token_id}
            _log.warning("a transcript was refused", extra=known | who)
            raise
