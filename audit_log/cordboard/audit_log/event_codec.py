"""From events as producers hand them over to drafts, and from rows to events as readers see them."""

import struct
from datetime import datetime

from google.protobuf.message import Message

from cordboard.audit_log.chain import sha256
from cordboard.audit_log.draft import KINDS, Draft
from cordboard.audit_log.record import Row, StreamKey, instant
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
_LENGTHS = struct.Struct(">IIq")


def stream_key(stream: Stream) -> StreamKey:
    """Take a stream's name. Raises InvalidError(INVALID_STREAM)."""
    if stream.kind not in KINDS or not stream.id or len(stream.id) > MAX_TEXT or "\0" in stream.id:
        raise InvalidError("INVALID_STREAM", "the stream's kind is not known, or its id is missing or too long")
    return StreamKey(stream.kind, stream.id)


def to_draft(event: NewEvent, key: CallKey | None) -> Draft:
    """Check an event, and take its PHI apart. `key` is the call's; other streams have none and take no PHI.

    Raises InvalidError: INVALID_STREAM, INVALID_EVENT, PHI_NOT_HERE.
    """
    stream = stream_key(event.stream)
    message = _message(event)
    body, sealed = (part.SerializeToString(deterministic=True) for part in phi.split(message))
    if sealed and key is None:
        raise InvalidError("PHI_NOT_HERE", "only streams of calls take PHI", stream=str(stream), type=_type(event))
    causation = event.causation
    draft = Draft(
        stream=stream,
        type=_type(event),
        body=body,
        phi=sealed,
        key=key,
        dedupe=_dedupe(event, body, sealed, key),
        source=event.source,
        source_seq=event.source_seq,
        occurred_at=_occurred_at(event),
        media_us=event.media_us,
        causation_stream=f"{causation.stream.kind}/{causation.stream.id}" if causation.seq else "",
        causation_seq=causation.seq,
        leg_id=event.leg_id,
        turn_id=event.turn_id,
        trace_id=event.trace_id,
        actor=event.actor,
        build_id=event.build_id,
    )
    _check_texts(draft)
    return draft


def to_envelope(row: Row, key: CallKey | None) -> Envelope:
    """Show a row; its PHI is opened when `key` is given, and left out (`redacted`) otherwise."""
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
    )
    envelope.recorded_at.FromDatetime(row.recorded_at)
    return envelope


def _message(event: NewEvent) -> Message:
    if len(event.event.value) > MAX_EVENT_BYTES:
        raise InvalidError("INVALID_EVENT", "the event is too large", type=_type(event))
    message = unpack_any(event.event)
    if message is None or not phi.nature(message):
        raise InvalidError("INVALID_EVENT", "the event is of no known type", type=_type(event)[:MAX_TEXT])
    return message


def _type(event: NewEvent) -> str:
    return event.event.type_url.rpartition("/")[2]


def _occurred_at(event: NewEvent) -> datetime:
    at = event.occurred_at
    us = at.seconds * 1_000_000 + at.nanos // 1000
    if not 0 < us <= _MAX_US:
        raise InvalidError("INVALID_EVENT", "the event does not say when it happened", type=_type(event))
    return instant(us)


def _check_texts(draft: Draft) -> None:
    texts = (
        draft.source,
        draft.leg_id,
        draft.turn_id,
        draft.causation_stream,
        draft.trace_id,
        draft.actor,
        draft.build_id,
    )
    if any(len(text) > MAX_TEXT or "\0" in text for text in texts):
        raise InvalidError("INVALID_EVENT", "a field of the event is too long", type=draft.type)
    if not draft.source or not 0 < draft.source_seq <= _MAX_NUMBER or draft.causation_seq > _MAX_NUMBER:
        raise InvalidError("INVALID_EVENT", "the event lacks its source or its number", type=draft.type)


def _dedupe(event: NewEvent, body: bytes, sealed: bytes, key: CallKey | None) -> bytes:
    """Digest what makes the event the same event; not when, by which build and under which trace it was handed over,
    for a retry may differ in those."""
    causation = event.causation
    texts = "\0".join(
        (
            _type(event),
            event.leg_id,
            event.turn_id,
            event.actor,
            causation.stream.kind,
            causation.stream.id,
            str(causation.seq),
        )
    ).encode()
    content = b"".join((_LENGTHS.pack(len(texts), len(body), event.media_us), texts, body, sealed))
    return key.digest(content) if key is not None else sha256(content)
