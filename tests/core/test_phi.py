"""PHI leaves a message by the contract's marks, and comes back by a merge."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from hypothesis import HealthCheck, given, settings

from cordboard.call.v1 import agent_facts_pb2, call_pb2, call_service_pb2, commands_pb2, decisions_pb2, facts_pb2
from cordboard.core import phi
from cordboard.ledger.v1 import envelope_pb2
from cordboard.media.v1 import command_pb2, leg_pb2, media_node_service_pb2
from cordboard.options.v1.options_pb2 import NATURE_DECISION, NATURE_FACT, NATURE_UNSPECIFIED

FILES = (
    agent_facts_pb2,
    call_pb2,
    call_service_pb2,
    commands_pb2,
    decisions_pb2,
    facts_pb2,
    command_pb2,
    leg_pb2,
    media_node_service_pb2,
)
TYPES: list[Descriptor] = [
    descriptor for file in FILES for descriptor in file.DESCRIPTOR.message_types_by_name.values()
]
EVENTS = [one for one in TYPES if phi.nature_of(one) != NATURE_UNSPECIFIED]


def new(descriptor: Descriptor) -> Message:
    return message_factory.GetMessageClass(descriptor)()


def fill(message: Message, salt: int = 1, depth: int = 0) -> Message:
    """Set every field, choosing one of each oneof by the salt."""
    descriptor = phi.descriptor_of(message)
    for field in descriptor.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.fields[salt % len(oneof.fields)].name != field.name:
            continue
        if field.message_type is not None and depth > 4:
            continue
        fill_field(message, field, salt, depth)
    return message


def fill_field(message: Message, field: FieldDescriptor, salt: int, depth: int) -> None:
    slot: Any = getattr(message, field.name)
    if field.message_type is None:
        if field.is_repeated:
            slot.extend([scalar(field, salt), scalar(field, salt + 1)])
        else:
            setattr(message, field.name, scalar(field, salt))
    elif field.message_type.GetOptions().map_entry:
        slot["day"] = "tuesday"
    elif field.is_repeated:
        fill(slot.add(), salt, depth + 1)
    else:
        slot.SetInParent()
        fill(slot, salt, depth + 1)


def scalar(field: FieldDescriptor, salt: int) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return f"{field.name}-{salt}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes([salt, 255])
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return 0.5 * salt
    return True if field.type == FieldDescriptor.TYPE_BOOL else 1


def value_at(message: Message, path: str) -> Any:
    value: Any = message
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize("descriptor", TYPES, ids=lambda one: one.full_name)
def test_a_split_message_is_restored_by_merging(descriptor: Descriptor) -> None:
    # Enough rounds to choose each member of the widest oneof.
    for salt in range(1, 14):
        check_split(fill(new(descriptor), salt), descriptor)


def check_split(message: Message, descriptor: Descriptor) -> None:
    before = message.SerializeToString(deterministic=True)
    body, sealed = phi.split(message)
    for path in phi.phi_fields(descriptor):
        assert not value_at(body, path), path
    assert all(not phi.is_phi(field) for field, _ in body.ListFields())
    assert bool(sealed.ByteSize()) == (body != message)
    restored = new(descriptor)
    restored.MergeFrom(body)
    restored.MergeFrom(sealed)
    assert restored == message
    assert message.SerializeToString(deterministic=True) == before
    assert phi.split(body) == (body, new(descriptor))


@pytest.mark.parametrize("descriptor", TYPES, ids=lambda one: one.full_name)
def test_an_empty_message_splits_into_empty_ones(descriptor: Descriptor) -> None:
    assert phi.split(new(descriptor)) == (new(descriptor), new(descriptor))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.sampled_from(TYPES), st.binary(max_size=40))
def test_whatever_the_wire_carried_is_restored_to_the_byte(descriptor: Descriptor, data: bytes) -> None:
    message = new(descriptor)
    try:
        message.ParseFromString(data)
    except DecodeError:
        return
    body, sealed = phi.split(message)
    body.MergeFrom(sealed)
    # By bytes, for not-a-number is not equal to itself.
    assert body.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


def nested_phi(descriptor: Descriptor, seen: frozenset[str] = frozenset()) -> bool:
    """Whether PHI is marked anywhere in or below a message type."""
    if descriptor.full_name in seen:
        return False
    deeper = seen | {descriptor.full_name}
    return any(
        phi.is_phi(field) or (field.message_type is not None and nested_phi(field.message_type, deeper))
        for field in descriptor.fields
    )


@pytest.mark.parametrize(
    "descriptor",
    [one for one in TYPES if one not in set(call_service_pb2.DESCRIPTOR.message_types_by_name.values())],
    ids=lambda one: one.full_name,
)
def test_no_repeated_message_holds_phi_that_is_not_marked_as_a_whole(descriptor: Descriptor) -> None:
    for field in descriptor.fields:
        if field.is_repeated and field.message_type is not None and not phi.is_phi(field):
            assert not nested_phi(field.message_type), f"{descriptor.full_name}.{field.name}"


@pytest.mark.parametrize("module", [decisions_pb2, facts_pb2], ids=["decisions", "facts"])
def test_every_event_says_its_nature(module: Any) -> None:
    expected = NATURE_DECISION if module is decisions_pb2 else NATURE_FACT
    for descriptor in module.DESCRIPTOR.message_types_by_name.values():
        assert phi.nature_of(descriptor) == expected, descriptor.full_name


def test_nature_tells_events_from_the_rest() -> None:
    assert phi.is_decision(decisions_pb2.CallOffered())
    assert phi.is_fact(facts_pb2.UtteranceHeard())
    assert phi.nature(commands_pb2.BeginCall()) == NATURE_UNSPECIFIED


def test_phi_fields_are_named_by_their_paths() -> None:
    assert phi.phi_fields(decisions_pb2.SlotsTaken.DESCRIPTOR) == (
        "slots.name",
        "slots.callback_number",
        "slots.reason",
        "slots.extra",
    )
    assert phi.phi_fields(facts_pb2.UtteranceHeard.DESCRIPTOR) == ("text",)
    assert phi.phi_fields(decisions_pb2.CallAnswered.DESCRIPTOR) == ()


def test_the_chosen_transport_stays_in_clear_when_its_offer_is_sealed() -> None:
    offer = command_pb2.AddLeg(leg_id="a", webrtc_offer=command_pb2.WebrtcOffer(sdp="v=0"))
    event = decisions_pb2.MediaCommandRequested(command=command_pb2.Command(command_seq=1, add_leg=offer))
    body, sealed = phi.split(event)
    assert body.command.add_leg.WhichOneof("transport") == "webrtc_offer"
    assert body.command.add_leg.webrtc_offer.sdp == ""
    assert sealed.command.command_seq == 0
    assert sealed.command.add_leg.webrtc_offer.sdp == "v=0"


def test_what_this_build_does_not_know_is_sealed() -> None:
    unknown = b"\xfa\x7f\x06secret"  # field 2047, length-delimited
    message = decisions_pb2.CallOffered.FromString(decisions_pb2.CallOffered(call_id="c").SerializeToString() + unknown)
    body, sealed = phi.split(message)
    assert b"secret" not in body.SerializeToString()
    assert b"secret" in sealed.SerializeToString()
    body.MergeFrom(sealed)
    assert body.SerializeToString() == message.SerializeToString()


def test_a_list_with_an_unknown_part_is_sealed_as_a_whole() -> None:
    row = leg_pb2.Listening.FromString(leg_pb2.Listening(leg_id="a").SerializeToString() + b"\xfa\x7f\x01x")
    message = decisions_pb2.RoutingSet(matrix=leg_pb2.RoutingMatrix(rows=[row]))
    body, sealed = phi.split(message)
    assert not body.matrix.rows
    body.MergeFrom(sealed)
    assert body.SerializeToString() == message.SerializeToString()


def test_an_envelope_hides_nothing_by_itself() -> None:
    assert phi.phi_fields(envelope_pb2.Envelope.DESCRIPTOR) == ()
