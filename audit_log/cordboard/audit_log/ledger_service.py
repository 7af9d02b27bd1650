"""LedgerService over gRPC."""

import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from google.protobuf.duration_pb2 import Duration

from cordboard.audit_log import access
from cordboard.audit_log.anchor_verification import Anchorage
from cordboard.audit_log.anchors import to_message
from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.call_opener import CallOpener, CallRequest
from cordboard.audit_log.cursors import LEASE, CursorStore
from cordboard.audit_log.draft import CALL, Draft
from cordboard.audit_log.event_codec import stream_key, to_draft, to_envelope
from cordboard.audit_log.event_store import EventStore, LogFilter
from cordboard.audit_log.fault import Progress
from cordboard.audit_log.phi_journal import PhiJournal
from cordboard.audit_log.record import Row, StreamKey
from cordboard.audit_log.sealing import CallKey
from cordboard.audit_log.verification import verify
from cordboard.core.errors import ForbiddenError, InternalError, InvalidError
from cordboard.ledger.v1.envelope_pb2 import Envelope, EventRef, NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import (
    AppendRequest,
    AppendResponse,
    ChainFault,
    CommitCursorRequest,
    CommitCursorResponse,
    LeaseCursorRequest,
    LeaseCursorResponse,
    ListAnchorsRequest,
    ListAnchorsResponse,
    ListStreamsRequest,
    ListStreamsResponse,
    OpenCallRequest,
    OpenCallResponse,
    ReadRequest,
    ReadResponse,
    StreamHead,
    SubscribeRequest,
    SubscribeResponse,
    VerifyRequest,
    VerifyResponse,
)
from cordboard.ledger.v1.ledger_service_pb2_grpc import LedgerServiceServicer
from cordboard.runtime.grpc_server import current_service

MAX_BATCH = 1000
LONGEST_NAME = 200
MAX_PAGE = 1000
SUBSCRIBE_ROWS = 256
# A message may have 4 MB; an event at most 256 kB.
PAGE_BYTES = 2 * 1024 * 1024
POSITION_EVERY_SECONDS = 1.0

_log = logging.getLogger(__name__)


class LedgerService(LedgerServiceServicer):
    """The append-only log for the engine's own processes."""

    def __init__(
        self,
        store: EventStore,
        opener: CallOpener,
        keys: CallKeys,
        cursors: CursorStore,
        journal: PhiJournal,
        anchorage: Anchorage,
    ) -> None:
        """Make a service over the record's parts."""
        self._store = store
        self._opener = opener
        self._keys = keys
        self._cursors = cursors
        self._journal = journal
        self._anchorage = anchorage

    async def OpenCall(self, request: OpenCallRequest, context: Any) -> OpenCallResponse:
        """Give a request its call id, and the subkey that who asks needs next."""
        if request.key_purpose:
            access.check_purpose(current_service(), request.key_purpose)
        call_id, repeated = await self._opener.open(
            CallRequest(
                tenant=request.tenant,
                request_id=request.request_id,
                args_digest=request.args_digest,
                token_id=request.token_id,
                vertical=request.vertical,
            )
        )
        key = await self._keys.find_if_there(call_id) if request.key_purpose else None
        subkey = key.subkey(request.key_purpose) if key is not None else b""
        return OpenCallResponse(call_id=call_id, repeated=repeated, subkey=subkey)

    async def Append(self, request: AppendRequest, context: Any) -> AppendResponse:
        """Append all events or none."""
        if len(request.events) > MAX_BATCH:
            raise InvalidError("BATCH_TOO_LARGE", "too many events at once", limit=str(MAX_BATCH))
        claims = current_service()
        drafts: list[Draft] = []
        keys: dict[StreamKey, CallKey | None] = {}
        for event in request.events:
            access.check_event(claims, event)
            stream = stream_key(event.stream)
            if keys.get(stream) is None:
                keys[stream] = await self._key(event, stream)
            drafts.append(to_draft(event, keys[stream], stream))
        if not drafts:
            return AppendResponse()
        appended = await self._store.append(drafts)
        return AppendResponse(seqs=appended.seqs, duplicates=appended.duplicates)

    async def _key(self, event: NewEvent, stream: StreamKey) -> CallKey | None:
        """Give the key for a stream's events. Raises WrongStateError(KEY_DESTROYED): the record is closed."""
        if stream.kind != CALL:
            return None
        return await (self._keys.find_if_there if access.may_follow_erasure(event) else self._keys.find)(stream.id)

    async def Read(self, request: ReadRequest, context: Any) -> ReadResponse:
        """Give one page of a stream."""
        if request.with_phi:
            access.check_phi(current_service())
        limit = min(request.page_size or 500, MAX_PAGE)
        rows = await self._store.read(stream_key(request.stream), request.after_seq, limit)
        envelopes = await self._show(rows, request.with_phi, request.on_behalf_of)
        more = len(envelopes) == limit or len(envelopes) < len(rows)
        return ReadResponse(events=envelopes, next_after_seq=envelopes[-1].seq if more and envelopes else 0)

    async def Subscribe(self, request: SubscribeRequest, context: Any) -> AsyncIterator[SubscribeResponse]:
        """Follow the log: first where the subscription begins, then what is there, then what comes."""
        if request.with_phi:
            access.check_phi(current_service())
        stream = stream_key(request.stream) if request.HasField("stream") else None
        wanted = LogFilter(stream, frozenset(request.types))
        position = await self._store.wait_beyond(-1) if request.from_now else request.after_position
        yield SubscribeResponse(position=position)
        told = time.monotonic()
        while True:
            rows, considered = await self._store.follow(position, SUBSCRIBE_ROWS, wanted)
            if rows:
                envelopes = await self._show(rows, request.with_phi, request.on_behalf_of, tolerant=True)
                # What did not fit is read again: the position goes no further than what is handed over.
                position = considered if len(envelopes) == len(rows) else envelopes[-1].position
                yield SubscribeResponse(events=envelopes, position=position)
                told = time.monotonic()
                continue
            position = considered
            if time.monotonic() - told > POSITION_EVERY_SECONDS:
                yield SubscribeResponse(position=position)
                told = time.monotonic()
            await self._store.wait_beyond(position)

    async def Verify(self, request: VerifyRequest, context: Any) -> AsyncIterator[VerifyResponse]:
        """Recompute the chain of a stream, or of all, and compare the whole with its anchors."""
        if request.HasField("stream"):
            async for progress in verify(self._store, stream_key(request.stream)):
                yield _verified(progress)
            return
        total = Progress()
        async for progress in verify(self._store):
            total = progress
            yield _verified(progress)
        async for progress in self._anchorage.verify(self._store):
            yield _verified(replace(progress, streams=total.streams, events=total.events))

    async def ListAnchors(self, request: ListAnchorsRequest, context: Any) -> ListAnchorsResponse:
        """Give a page of anchors."""
        limit = min(request.page_size or 500, MAX_PAGE)
        page = await self._anchorage.anchors.page(request.after_number, limit)
        following = page[-1][0].number if len(page) == limit else 0
        return ListAnchorsResponse(anchors=[to_message(one) for one, _ in page], next_after_number=following)

    async def ListStreams(self, request: ListStreamsRequest, context: Any) -> ListStreamsResponse:
        """List the streams of a kind, newest first."""
        limit = min(request.page_size or 50, MAX_PAGE)
        heads = await self._store.list_heads(request.kind, request.tenant, request.page_token, limit)
        streams = [
            StreamHead(
                stream=Stream(kind=head.key.kind, id=head.key.id), tenant=head.tenant, seq=head.seq, hash=head.hash
            )
            for head in heads
        ]
        return ListStreamsResponse(streams=streams, next_page_token=heads[-1].key.id if len(heads) == limit else "")

    async def LeaseCursor(self, request: LeaseCursorRequest, context: Any) -> LeaseCursorResponse:
        """Take or renew a cursor's lease."""
        if not request.name:
            raise InvalidError("INVALID_REQUEST", "the cursor has no name")
        if not access.names(current_service(), request.owner):
            raise ForbiddenError("SOURCE_NOT_YOURS", "the cursor's owner is not who asks")
        cursor = await self._cursors.lease(request.name, request.owner)
        lease = Duration()
        lease.FromTimedelta(LEASE)
        return LeaseCursorResponse(lease_epoch=cursor.lease_epoch, position=cursor.position, lease=lease)

    async def CommitCursor(self, request: CommitCursorRequest, context: Any) -> CommitCursorResponse:
        """Move a leased cursor forward."""
        await self._cursors.commit(request.name, request.lease_epoch, request.position)
        return CommitCursorResponse()

    async def _show(
        self, rows: Sequence[Row], with_phi: bool, on_behalf_of: str, *, tolerant: bool = False
    ) -> list[Envelope]:
        """Give as many of the rows as fit into a message, at least one of any."""
        taken: list[Row] = []
        size = 0
        for row in rows:
            size += len(row.body) + len(row.sealed or b"") + 1024
            if taken and size > PAGE_BYTES:
                break
            taken.append(row)
        calls = {row.stream_id for row in taken if row.sealed is not None}
        if not with_phi:
            gone = await self._keys.destroyed(calls)
            return [to_envelope(row, None, erased=row.stream_id in gone) for row in taken]
        claims = current_service()
        if on_behalf_of or claims.component in access.JOURNALED_READERS:
            await self._journal.note(claims, taken, on_behalf_of[:LONGEST_NAME])
        keys: dict[str, CallKey | None] = {}
        erased: set[str] = set()
        for call_id in calls:
            try:
                keys[call_id] = await self._keys.find_if_there(call_id)
                if keys[call_id] is None:
                    erased.add(call_id)
            except InternalError as error:
                if not tolerant:
                    raise
                # One tenant's broken key does not keep the others' readers from following the log.
                _log.error("a call's key cannot be had", extra={"call_id": call_id, "reason": error.reason})
        return [to_envelope(row, keys.get(row.stream_id), erased=row.stream_id in erased) for row in taken]


def _verified(progress: Progress) -> VerifyResponse:
    faults: list[ChainFault] = []
    for fault in progress.faults:
        told = ChainFault(reason=fault.reason, anchor=fault.anchor)
        if fault.stream is not None:
            stream = Stream(kind=fault.stream.kind, id=fault.stream.id)
            told.ref.CopyFrom(EventRef(stream=stream, seq=fault.seq))
        faults.append(told)
    return VerifyResponse(
        streams=progress.streams,
        events=progress.events,
        faults=faults,
        anchors=progress.anchors,
        anchored_heads=progress.anchored_heads,
        anchored_position=progress.anchored_position,
    )
