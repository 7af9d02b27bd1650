"""From events as producers hand them over to drafts, and from rows to events as readers see them."""

import struct

from google.protobuf.message import Message

from cordboard.audit_log.chain import event_texts, sha256
from cordboard.audit_log.draft import KINDS, Draft
from cordboard.audit_log.record import Row, StreamKey
from cordboard.audit_log.sealing import CallKey
from cordboard.core import phi
from cordboard.core.errors import InvalidError
from cordboard.core.event_message import unpack_any

# Makes the ledger's own event types known.
from cordboard.ledger.v1 import facts_pb2  # noqa: F401
from cordboard.ledger.v1.envelope_pb2 import Envelope, EventRef, NewEvent, Stream

MAX_EVENT_BYTES = 256 * 1024
MAX_TEXT = 200
_MAX_NUMBER = 2**63 - 1
_TYPE_URL = "type.googleapis.com/"
_MAX_US = 253_402_300_799_999_999  # the end of the year 9999
_NO_CAUSE = "\0" + "\0" + "0"
_LENGTHS = struct.Struct(">IIq")


def stream_key(stream: Stream) -> StreamKey:
    """Take a stream's name. Raises InvalidError(INVALID_STREAM)."""
    if stream.kind not in KINDS or not stream.id or len(stream.id) > MAX_TEXT or "\0" in stream.id:
        raise InvalidError("INVALID_STREAM", "the stream's kind is not known, or its id is missing or too long")
    return StreamKey(stream.kind, stream.id)


def to_draft(event: NewEvent, key: CallKey | None, stream: StreamKey | None = None) -> Draft:
    """Check an event, and take its PHI apart. `key` is the call's; other streams have none and take no PHI.

    `stream` is the event's own, for who has taken it already.

    Raises InvalidError: INVALID_STREAM, INVALID_EVENT, PHI_NOT_HERE.
    """
    stream = stream or stream_key(event.stream)
    event_type = _type(event)
    message = _message(event, event_type)
    clear, secret = phi.split(message)
    body, sealed = clear.SerializeToString(deterministic=True), secret.SerializeToString(deterministic=True)
    if sealed and key is None:
        raise InvalidError("PHI_NOT_HERE", "only streams of calls take PHI", stream=str(stream), type=event_type)
    causation_stream, causation_seq, cause = "", 0, _NO_CAUSE
    if event.HasField("causation"):
        causation = event.causation
        kind, stream_id, causation_seq = causation.stream.kind, causation.stream.id, causation.seq
        cause = f"{kind}\0{stream_id}\0{causation_seq}"
        causation_stream = f"{kind}/{stream_id}" if causation_seq else ""
    leg_id, turn_id, trace_id, actor = event.leg_id, event.turn_id, event.trace_id, event.actor
    source, build_id = event.source, event.build_id
    # In the order in which the chain takes them.
    texts = (leg_id, turn_id, causation_stream, trace_id, actor, source, build_id, event_type)
    _check_texts(texts, event_type)
    source_seq, media_us = event.source_seq, event.media_us
    if not source or not 0 < source_seq <= _MAX_NUMBER or causation_seq > _MAX_NUMBER:
        raise InvalidError("INVALID_EVENT", "the event lacks its source or its number", type=event_type)
    own = f"{event_type}\0{leg_id}\0{turn_id}\0{actor}\0{cause}".encode()
    return Draft(
        stream=stream,
        type=event_type,
        body=body,
        body_digest=sha256(body),
        phi=sealed,
        key=key,
        dedupe=_dedupe(own, media_us, body, sealed, key),
        source=source,
        source_seq=source_seq,
        occurred_us=_occurred_us(event, event_type),
        media_us=media_us,
        causation_stream=causation_stream,
        causation_seq=causation_seq,
        leg_id=leg_id,
        turn_id=turn_id,
        trace_id=trace_id,
        actor=actor,
        build_id=build_id,
        texts=event_texts(texts),
    )


def to_envelope(row: Row, key: CallKey | None, *, erased: bool = False) -> Envelope:
    """Show a row; its PHI is opened when `key` is given, and left out (`redacted`) otherwise; see `erased` as well."""
    event = NewEvent(
        stream=Stream(kind=row.stream_kind, id=row.stream_id),
        source=row.source,
        source_seq=row.source_seq,
        media_us=row.media_us,
        leg_id=row.leg_id,
        turn_id=row.turn_id,
        trace_id=row.trace_id,
        actor=row.actor,
        build_id=row.build_id,
    )
    event.occurred_at.FromDatetime(row.occurred_at)
    if row.causation_seq:
        kind, _, stream_id = row.causation_stream.partition("/")
        event.causation.CopyFrom(EventRef(stream=Stream(kind=kind, id=stream_id), seq=row.causation_seq))
    event.event.type_url, event.event.value = _TYPE_URL + row.type, row.body
    if row.sealed is not None and key is not None:
        # Merging two serialized messages is appending one to the other, by protobuf's own rules.
        event.event.value += key.open(StreamKey(row.stream_kind, row.stream_id), row.seq, row.sealed)
    envelope = Envelope(
        event=event,
        seq=row.seq,
        position=row.position,
        tenant=row.tenant,
        prev_hash=row.prev_hash,
        hash=row.hash,
        redacted=row.sealed is not None and key is None,
        erased=row.sealed is not None and erased,
    )
    envelope.recorded_at.FromDatetime(row.recorded_at)
    return envelope


def _message(event: NewEvent, event_type: str) -> Message:
    if len(event.event.value) > MAX_EVENT_BYTES:
        raise InvalidError("INVALID_EVENT", "the event is too large", type=event_type)
    message = unpack_any(event.event)
    if message is None or not phi.nature(message):
        raise InvalidError("INVALID_EVENT", "the event is of no known type", type=event_type[:MAX_TEXT])
    return message


def _type(event: NewEvent) -> str:
    return event.event.type_url.rpartition("/")[2]


def _occurred_us(event: NewEvent, event_type: str) -> int:
    at = event.occurred_at
    us = at.seconds * 1_000_000 + at.nanos // 1000
    if not 0 < us <= _MAX_US:
        raise InvalidError("INVALID_EVENT", "the event does not say when it happened", type=event_type)
    return us


def _check_texts(texts: tuple[str, ...], event_type: str) -> None:
    together = "".join(texts)
    if len(together) <= MAX_TEXT and "\0" not in together:
        return
    if "\0" in together or any(len(text) > MAX_TEXT for text in texts):
        raise InvalidError("INVALID_EVENT", "a field of the event is too long", type=event_type[:MAX_TEXT])


def _dedupe(texts: bytes, media_us: int, body: bytes, sealed: bytes, key: CallKey | None) -> bytes:
    """Digest what makes the event the same event; not when, by which build and under which trace it was handed over,
    for a retry may differ in those."""
    content = b"".join((_LENGTHS.pack(len(texts), len(body), media_us), texts, body, sealed))
    return key.digest(content) if key is not None else sha256(content)
