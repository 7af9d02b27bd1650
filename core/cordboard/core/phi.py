"""Protected health information by the contract's own marks: what to seal, what may stand in clear.

`split` takes a message apart into a body that may be read by anyone and a sealed part that may not; merging the
sealed part into the body restores the message. What this build does not know of a message is sealed too, for nobody
here can tell what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from cordboard.options.v1 import options_pb2
from cordboard.options.v1.options_pb2 import NATURE_DECISION, NATURE_FACT, Nature

M = TypeVar("M", bound=Message)


def nature(message: Message) -> Nature.ValueType:
    """What kind of record a message is; UNSPECIFIED for one that is no event."""
    return nature_of(descriptor_of(message))


def descriptor_of(message: Message) -> Descriptor:
    """The type of a message."""
    # Not checked at run time: this is done several times for each event, and there the check was half of the work.
    return cast("Descriptor", message.DESCRIPTOR)


@cache
def nature_of(descriptor: Descriptor) -> Nature.ValueType:
    """What kind of record a message type is."""
    options: Any = descriptor.GetOptions()
    mark: Nature.ValueType = options.Extensions[options_pb2.nature]
    return mark


def is_decision(message: Message) -> bool:
    """Whether the message is a decision event."""
    return nature(message) == NATURE_DECISION


def is_fact(message: Message) -> bool:
    """Whether the message is a fact."""
    return nature(message) == NATURE_FACT


def is_phi(field: FieldDescriptor) -> bool:
    """Whether a field is marked as PHI."""
    options: Any = field.GetOptions()
    return bool(options.Extensions[options_pb2.phi])


def is_many(field: FieldDescriptor) -> bool:
    """Whether a field is repeated or a map."""
    return bool(field.is_repeated)


@cache
def phi_fields(descriptor: Descriptor) -> tuple[str, ...]:
    """Dotted paths of the fields of a message type that are marked as PHI, in order of number."""
    return _paths(descriptor, ())


def _paths(descriptor: Descriptor, above: tuple[str, ...]) -> tuple[str, ...]:
    if descriptor.full_name in above:
        return ()
    found: list[str] = []
    for field in sorted(descriptor.fields, key=lambda one: one.number):
        if is_phi(field):
            found.append(field.name)
        elif field.message_type is not None and not is_many(field):
            deeper = _paths(field.message_type, (*above, descriptor.full_name))
            found.extend(f"{field.name}.{path}" for path in deeper)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to take messages of one type apart."""

    marked: tuple[str, ...]
    singular: tuple[str, ...]
    """Messages of their own, taken apart by themselves."""
    plain: tuple[str, ...]
    many: tuple[str, ...]
    """Repeated messages and maps to messages, without PHI; they go one way as a whole."""


@cache
def _plan(descriptor: Descriptor) -> _Plan:
    marked: list[str] = []
    singular: list[str] = []
    plain: list[str] = []
    many: list[str] = []
    for field in descriptor.fields:
        if is_phi(field):
            marked.append(field.name)
        elif is_many(field) and holds_messages(field):
            many.append(field.name)
        elif not is_many(field) and field.message_type is not None:
            singular.append(field.name)
        else:
            plain.append(field.name)
    return _Plan(tuple(marked), tuple(singular), tuple(plain), tuple(many))


def holds_messages(field: FieldDescriptor) -> bool:
    """Whether a field holds messages; a map does when its values are."""
    if field.message_type is None:
        return False
    if field.message_type.GetOptions().map_entry:
        return field.message_type.fields_by_name["value"].message_type is not None
    return True


def split(message: M) -> tuple[M, M]:
    """Take a message apart: `(body, sealed)`, PHI left out of the first and alone in the second.

    `body.MergeFrom(sealed)` restores the message. The message itself is left as it is.
    """
    body, sealed = type(message)(), type(message)()
    body.CopyFrom(message)
    sealed.CopyFrom(message)
    _redact(body)
    body.DiscardUnknownFields()
    _retain(sealed)
    return body, sealed


def redact(message: M) -> M:
    """The message without its PHI: the body alone."""
    return split(message)[0]


def _redact(message: Message) -> None:
    """Clear what is PHI or may be."""
    plan = _plan(descriptor_of(message))
    for name in plan.marked:
        message.ClearField(name)
    for name in plan.many:
        if _has_unknown_item(message, name):
            message.ClearField(name)
    for name in plan.singular:
        if message.HasField(name):
            _redact(getattr(message, name))


def _retain(message: Message) -> None:
    """Clear all that is not PHI and known not to be."""
    plan = _plan(descriptor_of(message))
    for name in plan.plain:
        message.ClearField(name)
    for name in plan.many:
        if not _has_unknown_item(message, name):
            message.ClearField(name)
    for name in plan.singular:
        if message.HasField(name):
            _retain(getattr(message, name))
            if not getattr(message, name).ByteSize():
                message.ClearField(name)


def _has_unknown_item(message: Message, name: str) -> bool:
    items = getattr(message, name)
    if isinstance(items, Mapping):
        items = items.values()
    return any(_has_unknown(item) for item in items)


def _has_unknown(message: Message) -> bool:
    """Whether this build knows less than all of a message, at any depth."""
    if len(UnknownFieldSet(message)):
        return True
    plan = _plan(descriptor_of(message))
    return any(message.HasField(name) and _has_unknown(getattr(message, name)) for name in plan.singular) or any(
        _has_unknown_item(message, name) for name in plan.many
    )
