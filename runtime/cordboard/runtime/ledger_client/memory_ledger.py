"""The record kept in memory: the twin that tests of other parts run against."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from cordboard.call.v1.facts_pb2 import CallOpened
from cordboard.core import phi
from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from cordboard.core.event_message import unpack_any
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import ListStreamsResponse, StreamHead, SubscribeResponse
from cordboard.runtime.ledger_client.call_id import make_call_id
from cordboard.runtime.ledger_client.ledger import CursorLease, OpenedCall, call_stream

CURSOR_LEASE = timedelta(seconds=2)

_StreamKey = tuple[str, str]


@dataclass(slots=True)
class _Request:
    call_id: str
    args_digest: bytes


@dataclass(slots=True)
class _Cursor:
    owner: str
    lease_epoch: int
    position: int
    expires_at: datetime


@dataclass(slots=True)
class _Stream:
    tenant: str
    events: list[Envelope] = field(default_factory=list)
    digests: dict[str, list[tuple[bytes, int]]] = field(default_factory=dict)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryLedger:
    """A log that keeps the ledger's promises for as long as the process lives. Not for threads.

    `away` set to true makes it answer as the client does when the ledger process is gone.
    """

    def __init__(
        self, *, clock: Callable[[], datetime] = _now, randomness: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Make an empty log."""
        self.away = False
        self.phi_readers: list[str] = []
        """On whose behalf PHI was opened."""
        self._clock = clock
        self._randomness = randomness
        self._streams: dict[_StreamKey, _Stream] = {}
        self._log: list[Envelope] = []
        self._requests: dict[tuple[str, str], _Request] = {}
        self._tokens: dict[str, str] = {}
        self._cursors: dict[str, _Cursor] = {}
        self._changed = asyncio.Event()

    async def open_call(
        self, *, tenant: str, request_id: str, args_digest: bytes, vertical: str, token_id: str = ""
    ) -> OpenedCall:
        """Give a request its call id; see Ledger.open_call."""
        self._check_here()
        seen = self._requests.get((tenant, request_id))
        if seen is not None:
            if seen.args_digest != args_digest:
                raise ConflictError("REQUEST_ID_REUSED", "the request id was used with other arguments")
            return OpenedCall(call_id=seen.call_id, repeated=True)
        if token_id and token_id in self._tokens:
            raise ConflictError("TOKEN_USED", "the token has paid for another call")
        call_id = make_call_id(self._clock(), self._randomness(10))
        self._requests[tenant, request_id] = _Request(call_id, args_digest)
        if token_id:
            self._tokens[token_id] = call_id
        self._streams["call", call_id] = _Stream(tenant)
        event = NewEvent(stream=call_stream(call_id), source="ledger/memory/0", source_seq=1, actor="engine")
        event.event.Pack(CallOpened(tenant=tenant, request_id=request_id, args_digest=args_digest, token_id=token_id))
        event.occurred_at.FromDatetime(self._clock())
        await self.append([event])
        return OpenedCall(call_id=call_id, repeated=False)

    async def append(self, events: Sequence[NewEvent]) -> list[int]:
        """Append all events or none; see Ledger.append."""
        self._check_here()
        seqs: list[int] = []
        fresh: list[NewEvent] = []
        planned: dict[_StreamKey, int] = {}
        counters: dict[tuple[_StreamKey, str], list[tuple[bytes, int]]] = {}
        for event in events:
            _message_of(event)
            stream = self._stream_for(event.stream)
            key = (event.stream.kind, event.stream.id)
            known = counters.setdefault((key, event.source), list(stream.digests.get(event.source, ())))
            digest = _digest(event)
            if event.source_seq <= len(known):
                if known[event.source_seq - 1][0] != digest:
                    raise ConflictError("SOURCE_SEQ_CONFLICT", "the number was used for another event")
                seqs.append(known[event.source_seq - 1][1])
                continue
            if event.source_seq != len(known) + 1:
                raise ConflictError("SOURCE_SEQ_GAP", "a number was left out", expected=str(len(known) + 1))
            planned[key] = planned.get(key, len(stream.events)) + 1
            known.append((digest, planned[key]))
            seqs.append(planned[key])
            fresh.append(event)
        for event in fresh:
            self._take(event)
        if fresh:
            self._changed.set()
            self._changed = asyncio.Event()
        return seqs

    async def read(
        self, stream: Stream, *, after_seq: int = 0, with_phi: bool = False, on_behalf_of: str = ""
    ) -> AsyncIterator[Envelope]:
        """Go through a stream in order; see Ledger.read."""
        self._check_here()
        self._note(with_phi, on_behalf_of)
        kept = self._streams.get((stream.kind, stream.id))
        for envelope in list(kept.events[after_seq:]) if kept else ():
            yield _shown(envelope, with_phi)

    def _note(self, with_phi: bool, on_behalf_of: str) -> None:
        if with_phi and on_behalf_of:
            self.phi_readers.append(on_behalf_of)

    async def subscribe(
        self,
        *,
        after_position: int = 0,
        from_now: bool = False,
        stream: Stream | None = None,
        types: Sequence[str] = (),
        with_phi: bool = False,
        on_behalf_of: str = "",
    ) -> AsyncGenerator[SubscribeResponse, None]:
        """Follow the log; see Ledger.subscribe."""
        self._note(with_phi, on_behalf_of)
        position = len(self._log) if from_now else after_position
        yield SubscribeResponse(position=position)
        while True:
            changed = self._changed
            upto = len(self._log)
            if upto > position and not self.away:
                events = [
                    _shown(envelope, with_phi)
                    for envelope in self._log[position:upto]
                    if (stream is None or envelope.event.stream == stream)
                    and (not types or envelope.event.event.TypeName() in types)
                ]
                position = upto
                yield SubscribeResponse(events=events, position=position)
            else:
                await changed.wait()

    async def list_streams(
        self, kind: str, *, tenant: str = "", page_size: int = 50, page_token: str = ""
    ) -> ListStreamsResponse:
        """List the streams of a kind, newest first."""
        self._check_here()
        ids = sorted(
            (
                stream_id
                for (of_kind, stream_id), kept in self._streams.items()
                if of_kind == kind
                and (not tenant or kept.tenant == tenant)
                and (not page_token or stream_id < page_token)
            ),
            reverse=True,
        )
        heads = [self._head(kind, stream_id) for stream_id in ids[: page_size or 50]]
        more = len(ids) > len(heads)
        return ListStreamsResponse(streams=heads, next_page_token=heads[-1].stream.id if more else "")

    async def lease_cursor(self, name: str, owner: str) -> CursorLease:
        """Take or renew a cursor's lease; see Ledger.lease_cursor."""
        self._check_here()
        now = self._clock()
        cursor = self._cursors.setdefault(name, _Cursor("", 0, 0, now))
        if cursor.owner != owner:
            if cursor.expires_at > now:
                raise ConflictError("CURSOR_HELD", "another reader holds the cursor", cursor=name)
            cursor.owner, cursor.lease_epoch = owner, cursor.lease_epoch + 1
        cursor.expires_at = now + CURSOR_LEASE
        return CursorLease(cursor.lease_epoch, cursor.position, CURSOR_LEASE.total_seconds())

    async def commit_cursor(self, name: str, lease_epoch: int, position: int) -> None:
        """Move a leased cursor forward; see Ledger.commit_cursor."""
        self._check_here()
        cursor = self._cursors.get(name)
        if cursor is None or cursor.lease_epoch != lease_epoch:
            raise ConflictError("CURSOR_LOST", "another reader has taken the cursor", cursor=name)
        cursor.position = max(cursor.position, position)

    def _check_here(self) -> None:
        if self.away:
            raise UnavailableError("LEDGER_AWAY", "the ledger cannot be reached")

    def _stream_for(self, stream: Stream) -> _Stream:
        key = (stream.kind, stream.id)
        if key not in self._streams:
            if stream.kind == "call":
                raise NotFoundError("STREAM_NOT_FOUND", "no such call", call_id=stream.id)
            self._streams[key] = _Stream(
                stream.id.partition("/")[0] if stream.kind in ("tenant", "agent", "registry") else ""
            )
        return self._streams[key]

    def _take(self, event: NewEvent) -> None:
        stream = self._stream_for(event.stream)
        envelope = Envelope(event=event, seq=len(stream.events) + 1, position=len(self._log) + 1)
        envelope.tenant = stream.tenant
        envelope.recorded_at.FromDatetime(self._clock())
        envelope.prev_hash = stream.events[-1].hash if stream.events else bytes(32)
        envelope.hash = hashlib.sha256(envelope.SerializeToString(deterministic=True)).digest()
        stream.events.append(envelope)
        stream.digests.setdefault(event.source, []).append((_digest(event), envelope.seq))
        self._log.append(envelope)

    def _head(self, kind: str, stream_id: str) -> StreamHead:
        kept = self._streams[kind, stream_id]
        newest = kept.events[-1].hash if kept.events else bytes(32)
        return StreamHead(stream=Stream(kind=kind, id=stream_id), tenant=kept.tenant, seq=len(kept.events), hash=newest)


def _message_of(event: NewEvent) -> Message:
    """Unpack the event. Raises InvalidError(INVALID_EVENT)."""
    message = unpack_any(event.event)
    if message is None or not phi.nature(message):
        raise InvalidError("INVALID_EVENT", "the event is of no known type", type=event.event.TypeName())
    if not event.source or not event.source_seq or not event.stream.id:
        raise InvalidError("INVALID_EVENT", "the event lacks its source, number or stream")
    return message


def _digest(event: NewEvent) -> bytes:
    return hashlib.sha256(_message_of(event).SerializeToString(deterministic=True)).digest()


def _shown(envelope: Envelope, with_phi: bool) -> Envelope:
    copy = Envelope()
    copy.CopyFrom(envelope)
    if not with_phi:
        body, sealed = phi.split(_message_of(envelope.event))
        if sealed.ByteSize():
            copy.event.event.Pack(body)
            copy.redacted = True
    return copy
