"""What readers see of a state, and how two states are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from call_story import AGENT, AI, BRIDGED, CALLER, DONE, STORIES, SUPERVISOR, TALKED, Story, ended

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.wrap_up_facts_pb2 import (
    WRAP_UP_STAGE_RECORD,
    ObjectStored,
    StoredObject,
    WrapUpFinished,
    WrapUpStageDone,
)
from cordboard.core.call_state import Slots
from cordboard.core.event_message import pack
from cordboard.core.fold import fold_envelopes
from cordboard.core.state_digest import first_difference, state_digest, to_canonical_json
from cordboard.core.timestamps import to_us
from cordboard.core.view import to_view, wrap_up_view
from cordboard.ledger.v1.envelope_pb2 import Envelope, NewEvent

SECRETS = ("Ada", "5550100", "Tuesday", "tue 9:00", "tuesday")


def test_a_view_shows_the_whole_of_a_call() -> None:
    state = Story(BRIDGED).now
    view = to_view(state, phi=True)
    assert [leg.leg_id for leg in view.legs] == [CALLER, AI, AGENT, SUPERVISOR]
    assert view.phases == list(state.phases)
    assert (view.queue, view.agent_id, view.profile) == ("front-desk", "nurse-7", "front-desk-intake")
    assert (view.escalation_reason, view.hand_over) == ("CALLER_ASKED", "Ada asks for a nurse.")
    assert (view.slots.name, view.slots.callback_number) == ("Ada Byron", "5550100")
    assert [(call.name, call.outcome, call.attempts) for call in view.tool_calls] == [("healthcare.find_slot", "ok", 1)]
    assert {row.leg_id: list(row.hears) for row in view.routing.rows}[CALLER] == [AGENT]
    assert [timer.timer_id for timer in view.timers] == ["patience"]
    assert (view.node_id, view.placement_epoch) == ("media-node-1", 1)
    assert view.legs[3].supervision == call_pb2.SUPERVISION_MODE_WHISPER


def test_a_view_of_an_ended_call_tells_when_and_why() -> None:
    state = Story(DONE).now
    view = to_view(state, phi=False)
    assert (view.end_reason, view.talk_outcome) == ("DONE", call_pb2.TALK_OUTCOME_DONE)
    assert to_us(view.offered_at) == state.offered_at_us
    assert to_us(view.ended_at) == state.ended_at_us


def test_a_view_without_the_scope_holds_no_phi() -> None:
    view = to_view(Story(BRIDGED).now, phi=False)
    assert not any(secret in str(view) for secret in SECRETS)
    assert view.slots.urgency == call_pb2.URGENCY_SOON


@pytest.mark.parametrize("name", sorted(STORIES))
def test_canonical_json_without_phi_holds_none(name: str) -> None:
    state = Story(STORIES[name]).now
    assert not any(secret in to_canonical_json(state, phi=False) for secret in SECRETS)
    assert ("Ada" in to_canonical_json(state)) == (state.slots.name != "")


def test_equal_states_have_equal_digests_and_no_difference() -> None:
    one, other = Story(BRIDGED).now, Story(BRIDGED).now
    assert state_digest(one) == state_digest(other)
    assert first_difference(one, other) is None
    assert state_digest(None) == state_digest(None)


def test_the_first_difference_is_named_by_its_path() -> None:
    story = Story(BRIDGED)
    before = story.now
    story.say(ended(SUPERVISOR))
    difference = first_difference(before, story.now)
    assert str(difference) == "state.legs[3].state: 1 != 5"
    assert state_digest(before) != state_digest(story.now)


def test_a_difference_in_phi_is_found_but_not_told() -> None:
    one = Story(TALKED).now
    other = replace(one, slots=Slots(name="Bo"))
    assert str(first_difference(one, other)) == "state.slots.name: *** != ***"
    assert state_digest(replace(one, slots=replace(one.slots, name="Bo")), phi=False) == state_digest(one, phi=False)


def test_a_missing_state_or_part_differs() -> None:
    one = Story(TALKED).now
    assert first_difference(None, one) is not None
    assert "Ada" not in str(first_difference(None, one))
    assert str(first_difference(one, replace(one, tool_calls=()))) == "state.tool_calls.length: 1 != 0"
    assert str(first_difference(one, replace(one, talk=None))).startswith("state.talk: {")


def test_a_view_of_wrap_up_is_what_it_put_on_the_log_and_changes_no_state() -> None:
    stored = ObjectStored(object=StoredObject(uri="s3://bucket/acme/call/recording.ogg"))
    told = [stored, WrapUpStageDone(stage=WRAP_UP_STAGE_RECORD), WrapUpFinished()]
    envelopes = [Envelope(event=NewEvent(event=pack(event), source="wrap-up/call")) for event in told]
    assert wrap_up_view([]) is None
    begun, over = wrap_up_view(envelopes[:2]), wrap_up_view(envelopes)
    assert begun is not None
    assert over is not None
    assert ([one.uri for one in begun.objects], begun.finished) == (["s3://bucket/acme/call/recording.ogg"], False)
    assert over.finished
    assert fold_envelopes(envelopes) is None
