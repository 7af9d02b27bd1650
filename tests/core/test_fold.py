"""The fold of the log is the live state."""

from __future__ import annotations

import random

import pytest
from call_story import BRIDGED, CALL, DONE, STORIES, Story
from google.protobuf.any_pb2 import Any as PackedMessage

from cordboard.call.v1.facts_pb2 import PlayoutStarted
from cordboard.core.errors import InternalError
from cordboard.core.event_message import pack, unpack
from cordboard.core.fold import decision_source, fold, fold_envelopes
from cordboard.core.timestamps import from_us, to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent, Stream


def envelopes_of(story: Story) -> list[Envelope]:
    """The story as the ledger gives it: decisions with facts in between."""
    rows: list[Envelope] = []
    for number, (event, at_us) in enumerate(story.log, start=1):
        rows.append(envelope(decision_source(CALL), number, pack(event), at_us))
        rows.append(envelope("media-node/1/b", number, pack(PlayoutStarted(leg_id="x")), at_us))
    for seq, row in enumerate(rows, start=1):
        row.seq = seq
    return rows


def envelope(source: str, number: int, event: PackedMessage, at_us: int) -> Envelope:
    return Envelope(
        event=NewEvent(
            stream=Stream(kind="call", id=CALL),
            source=source,
            source_seq=number,
            event=event,
            occurred_at=from_us(at_us),
        )
    )


def test_no_decisions_are_no_call() -> None:
    assert fold([]) is None
    assert fold_envelopes([]) is None


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_call_folds_from_the_log_to_its_live_state(name: str) -> None:
    story = Story(STORIES[name])
    assert fold_envelopes(envelopes_of(story)) == story.state


def test_every_prefix_of_the_messages_folds_to_the_state_at_that_moment() -> None:
    for point in range(1, len(BRIDGED) + 1):
        story = Story(BRIDGED[:point])
        assert fold(story.log) == story.state


def test_order_and_repeats_of_envelopes_do_not_matter() -> None:
    story = Story(DONE)
    rows = envelopes_of(story) * 2
    random.Random(7).shuffle(rows)
    assert fold_envelopes(rows) == story.state


def test_a_missing_decision_is_an_error_and_not_a_wrong_state() -> None:
    rows = [row for row in envelopes_of(Story(DONE)) if row.event.source_seq != 5]
    with pytest.raises(InternalError, match="SOURCE_SEQ_GAP") as error:
        fold_envelopes(rows)
    assert error.value.fields["source_seq"] == "5"


def test_a_decision_of_another_source_changes_nothing() -> None:
    story = Story(DONE)
    forged = envelope("workflow/another", 1, pack(story.log[-1][0]), 1)
    assert fold_envelopes([*envelopes_of(story), forged]) == story.state


def test_an_event_of_a_newer_build_is_counted() -> None:
    story = Story(DONE)
    later = len(story.log) + 1
    unknown = PackedMessage(type_url="type.googleapis.com/cordboard.call.v1.NotYetKnown", value=b"\x01")
    state = fold_envelopes([*envelopes_of(story), envelope(decision_source(CALL), later, unknown, 1)])
    assert state is not None
    assert state.decisions == later


@pytest.mark.parametrize(
    ("type_url", "value"),
    [
        ("", b""),
        ("type.googleapis.com/cordboard.call.v1.NotYetKnown", b""),
        ("type.googleapis.com/cordboard.call.v1.CallOffered", b"\xff"),
    ],
)
def test_what_cannot_be_read_unpacks_to_nothing(type_url: str, value: bytes) -> None:
    assert unpack(envelope("x", 1, PackedMessage(type_url=type_url, value=value), 1)) is None


def test_times_go_to_microseconds_and_back() -> None:
    assert to_us(from_us(1_760_000_000_123_456)) == 1_760_000_000_123_456
