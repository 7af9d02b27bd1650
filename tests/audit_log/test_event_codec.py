"""Events in, drafts out; rows in, envelopes out."""

from collections.abc import Callable

import pytest
from google.protobuf.struct_pb2 import Struct
from ledger_events import KEY, call_id, heard, new_event, opening

from cordboard.audit_log.event_codec import to_draft, to_envelope
from cordboard.audit_log.memory.event_store import MemoryEventStore
from cordboard.audit_log.record import StreamKey
from cordboard.call.v1.call_pb2 import Slots
from cordboard.call.v1.facts_pb2 import BargedIn, SlotsFilled, UtteranceHeard
from cordboard.core.errors import CordboardError, InvalidError
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent, Stream

CALL = StreamKey("call", call_id(1))


def test_phi_is_in_the_sealed_part_alone() -> None:
    taken = to_draft(new_event(CALL, heard("my knee hurts"), 1), KEY)
    assert b"knee" in taken.phi
    assert b"knee" not in taken.body
    assert UtteranceHeard.FromString(taken.body).turn_id == "t1"


def test_an_event_without_phi_has_nothing_to_seal() -> None:
    assert to_draft(new_event(CALL, BargedIn(play_id="p"), 1), KEY).phi == b""


@pytest.mark.parametrize("with_phi", [True, False])
async def test_a_reader_gets_the_event_as_handed_over_or_without_phi(with_phi: bool) -> None:
    filled = SlotsFilled(turn_id="t1", slots=Slots(name="Maria", extra={"a": "b"}, urgency=2))  # type: ignore[arg-type]
    event = new_event(CALL, filled, 1)
    event.media_us, event.leg_id, event.turn_id, event.trace_id, event.build_id = 7, "caller", "t1", "ab" * 16, "dev"
    event.causation.CopyFrom(EventRef(stream=Stream(kind="agent", id="acme/ann"), seq=4))
    store = MemoryEventStore(lambda: opening(CALL.id).opened_at)
    await store.append([to_draft(event, KEY)], opening=opening(CALL.id))
    shown = to_envelope((await store.read(CALL, 0, 1))[0], KEY if with_phi else None)
    assert (shown.seq, shown.tenant, shown.redacted) == (1, "acme", not with_phi)
    unpacked = SlotsFilled.FromString(shown.event.event.value)
    if with_phi:
        assert unpacked == filled
    else:
        assert unpacked == SlotsFilled(turn_id="t1", slots=Slots(urgency=2))  # type: ignore[arg-type]
    shown.event.event.CopyFrom(event.event)
    assert shown.event == event


def test_what_only_a_retry_changes_does_not_make_it_another_event() -> None:
    first, again = new_event(CALL, heard("yes"), 1), new_event(CALL, heard("yes"), 1)
    again.occurred_at.seconds += 5
    again.trace_id, again.build_id = "cd" * 16, "next"
    assert to_draft(first, KEY).dedupe == to_draft(again, KEY).dedupe


@pytest.mark.parametrize("field", ["leg_id", "turn_id", "actor", "media_us", "text", "type", "causation"])
def test_anything_else_makes_it_another_event(field: str) -> None:
    first, other = new_event(CALL, heard("yes"), 1), new_event(CALL, heard("yes"), 1)
    if field == "text":
        other.event.Pack(heard("no"))
    elif field == "type":
        other.event.Pack(BargedIn())
    elif field == "causation":
        other.causation.seq = 3
    else:
        setattr(other, field, 5 if field == "media_us" else "other")
    assert to_draft(first, KEY).dedupe != to_draft(other, KEY).dedupe


def _with(change: Callable[[NewEvent], object]) -> NewEvent:
    event = new_event(CALL, heard("yes"), 1)
    change(event)
    return event


def _not_an_event(event: NewEvent) -> None:
    event.event.Pack(Struct())


BAD: dict[str, NewEvent] = {
    "no event": _with(lambda event: event.ClearField("event")),
    "not an event": _with(_not_an_event),
    "unknown type": _with(lambda event: setattr(event.event, "type_url", "type.googleapis.com/no.such.Thing")),
    "damaged": _with(lambda event: setattr(event.event, "value", b"\xff\xff")),
    "too large": _with(lambda event: event.event.Pack(heard("x" * 300_000))),
    "no source": _with(lambda event: event.ClearField("source")),
    "no number": _with(lambda event: event.ClearField("source_seq")),
    "number too high": _with(lambda event: setattr(event, "source_seq", 2**63)),
    "no time": _with(lambda event: event.ClearField("occurred_at")),
    "time beyond the calendar": _with(lambda event: setattr(event.occurred_at, "seconds", 2**60)),
    "text too long": _with(lambda event: setattr(event, "leg_id", "x" * 201)),
    "text with NUL": _with(lambda event: setattr(event, "actor", "a\0b")),
    "unknown kind of stream": _with(lambda event: setattr(event.stream, "kind", "nonsense")),
    "no stream": _with(lambda event: event.ClearField("stream")),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_event_is_refused_without_repeating_it(case: str) -> None:
    with pytest.raises(InvalidError) as caught:
        to_draft(BAD[case], KEY)
    assert caught.value.reason in {"INVALID_EVENT", "INVALID_STREAM"}
    assert len(str(caught.value)) < 500


def test_phi_outside_of_calls_is_refused() -> None:
    with pytest.raises(CordboardError) as caught:
        to_draft(new_event(StreamKey("node", "n"), heard("yes"), 1), None)
    assert caught.value.reason == "PHI_NOT_HERE"


def test_what_this_build_does_not_know_of_an_event_is_sealed() -> None:
    event = new_event(CALL, BargedIn(play_id="p"), 1)
    event.event.value += b"\xfa\x06\x05Maria"
    taken = to_draft(event, KEY)
    assert b"Maria" in taken.phi
    assert b"Maria" not in taken.body
