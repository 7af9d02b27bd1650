"""Event messages out of envelopes: the one place that knows how an event is packed."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any as PackedMessage
from google.protobuf.message import DecodeError, Message

# Importing them makes their types known to the descriptor pool.
from cordboard.call.v1 import (
    agent_facts_pb2,
    decisions_pb2,
    facts_pb2,
    gather_pb2,
    originate_pb2,
    script_pb2,
    transfer_pb2,
    voicemail_pb2,
    wrap_up_facts_pb2,
)
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.registry.v1 import registration_pb2

EVENT_FILES = (
    decisions_pb2.DESCRIPTOR,
    script_pb2.DESCRIPTOR,
    facts_pb2.DESCRIPTOR,
    agent_facts_pb2.DESCRIPTOR,
    gather_pb2.DESCRIPTOR,
    registration_pb2.DESCRIPTOR,
    wrap_up_facts_pb2.DESCRIPTOR,
    voicemail_pb2.DESCRIPTOR,
    transfer_pb2.DESCRIPTOR,
    originate_pb2.DESCRIPTOR,
)
"""The files that define events; what they hold beside is none, for it has no nature."""


def unpack_any(packed: PackedMessage) -> Message | None:
    """The packed message; None when this build does not know its type or cannot read it."""
    try:
        message = _class_of(packed.type_url.rpartition("/")[2])()
    except KeyError:
        return None
    try:
        message.ParseFromString(packed.value)
    except DecodeError:
        return None
    return message


@lru_cache(maxsize=512)
def _class_of(type_name: str) -> type[Message]:
    # What is not known yet is asked for again the next time: an error is not kept.
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(type_name))


def unpack(envelope: Envelope) -> Message | None:
    """The event of an envelope; None when this build does not know its type or cannot read it."""
    return unpack_any(envelope.event.event)


def pack(event: Message) -> PackedMessage:
    """The event as envelopes carry it."""
    packed = PackedMessage()
    packed.Pack(event, deterministic=True)
    return packed


def occurred_us(envelope: Envelope) -> int:
    """When the event happened, by its producer's clock, in microseconds since the Unix epoch."""
    return to_us(envelope.event.occurred_at)
